"""KSR: the paper's equations as a loop, no look ahead, one more click without replay, and what it says of itself."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import sigmoid, softmax
from tests.models.ksr.small import EMPTY, ITEMS, A, D, L, T, ksr, sequences
from tfkgrec.config import build_config
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.ksr.model import KSR
from tfkgrec.models.recommender import outputs

VARIANTS = {
    "paper": {},
    "learned": {"train_items": True, "train_knowledge": True, "item_bias": True},
    "shared values": {"shared_values": True},
    "own slots, gate bias": {"slot_write": "own", "gate_bias": True, "query_layers": 0, "output_layers": 2},
    "entity on the item's side": {"knowledge": "item"},
    "no memory": {"knowledge": "none", "train_items": True, "output_dim": 3},
    "gru, eq 2": {"knowledge": "none", "train_items": True, "score": "dot", "hidden_dim": D},
}
variants = pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)


def dense(layers, x):
    for layer in layers:
        x = x @ layer.kernel.numpy() + layer.bias.numpy()
        x = np.tanh(x) if layer.activation is keras.activations.tanh else x
    return x


def obvious_queries(model: KSR, items: list[int]) -> list[np.ndarray]:
    """Eqs 1, 5-10 for one user, click by click."""
    gru, q = model.gru, model.item_vectors.embeddings.numpy()
    (u_z, u_r), u_h = np.split(gru.cell.gate_kernel.numpy(), 2, axis=1), gru.cell.state_kernel.numpy()
    h, values, found = np.zeros(model.hidden_dim), np.zeros((A, L)), []
    for item in items:
        x_z, x_r, x_h = np.split(q[item] @ gru.kernel.numpy() + gru.bias.numpy(), 3)
        z, r = sigmoid(x_z + h @ u_z), sigmoid(x_r + h @ u_r)
        h = (1 - z) * h + z * np.tanh(x_h + (r * h) @ u_h)  # (1)
        both = h
        if model.memory is not None:
            keys, e = model.memory.cell.keys.numpy(), model.entity_vectors.embeddings.numpy()[item]
            bias = model.memory.cell.gate_bias
            for a in range(A):
                if model.slot_write == "own" and not model.slots.numpy()[item, a]:
                    continue
                gate = sigmoid(values[a] @ (e + keys[a]) + (0 if bias is None else bias.numpy()[a]))  # (8)
                values[a] = (1 - gate) * values[a] + gate * (e + keys[a])  # (9)
            held = model.memory.values.numpy() if model.shared_values else values
            both = np.concatenate([h, softmax(10 * keys @ dense(model.memory.query_mlp, h)) @ held])  # (5, 6)
        found.append(dense(model.user_mlp, both))
    return found


def obvious_item(model: KSR, item: int) -> np.ndarray:
    tables = [t.embeddings.numpy()[item] for t in (model.item_vectors, model.entity_vectors) if t is not None]
    return dense(model.item_mlp, np.concatenate(tables))


@variants
def test_fast_equals_obvious(settings):
    model, history = ksr(**settings), sequences()
    found = model.queries(history)
    vectors = model.item_outputs()
    bias = model.bias.embeddings.numpy()[:, 0] if model.bias is not None else np.zeros(ITEMS)
    scores = model.score_items(model.user_state(np.zeros(4, np.int32), history), np.tile(np.arange(ITEMS), (4, 1)))
    for row in range(4):
        expected = obvious_queries(model, [item for item in history[row].tolist() if item])
        for t, query in enumerate(expected):
            assert_allclose(found[row, t], query, atol=1e-5)
        if expected:
            for item in range(1, ITEMS):
                product = expected[-1] @ obvious_item(model, item) + bias[item]  # (10)
                assert float(scores[row, item]) == pytest.approx(product, abs=1e-4)
    assert_allclose(vectors[3], obvious_item(model, 3), atol=1e-5)


def test_padding_may_stand_anywhere():
    model = ksr()
    right, left, amid = (
        model.user_state(np.zeros(1, np.int32), np.array([row], np.int32))
        for row in ([3, 7, 2, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 3, 7, 2], [3, 0, 7, 0, 0, 2, 0, 0])
    )
    for expected, *others in zip(right, left, amid, strict=True):
        for found in others:
            assert_allclose(found, expected, atol=1e-6)


@variants
def test_position_logits_are_the_scores_of_their_items(settings):
    model, history = ksr(**settings), sequences()
    rng = np.random.default_rng(0)
    positive = rng.integers(1, ITEMS, (4, T)).astype(np.int32)
    inputs = {"history": history, "positive": positive}
    everything = np.asarray(model(inputs))  # [B, T, items - 1]
    assert everything.shape == (4, T, ITEMS - 1)
    rows = np.arange(4)[:, None], np.arange(T)[None, :]

    own = rng.integers(1, ITEMS, (4, T, 3)).astype(np.int32)
    found = np.asarray(model({**inputs, "negative": own}))
    assert_allclose(found[..., 0], everything[(*rows, positive - 1)], atol=1e-5)
    assert_allclose(found[..., 1:], np.take_along_axis(everything, own - 1, axis=-1), atol=1e-5)

    shared = np.array([2, 5, 9], np.int32)
    found = np.asarray(model({**inputs, "negative": shared}))
    expected = np.where(positive[..., None] == shared, -1e9, everything[..., shared - 1])
    assert (expected == -1e9).any()
    assert_allclose(found[..., 1:], expected, atol=1e-5)


@pytest.mark.parametrize(
    "settings, learned",
    [
        ({}, set()),
        ({"train_items": True}, {"item_vectors"}),
        ({"train_knowledge": True}, {"entity_vectors", "keys"}),
    ],
)
def test_what_the_paper_fixes_stays_fixed_unless_asked(settings, learned):
    model, history = ksr(**settings), sequences()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model({"history": history, "positive": np.roll(history, 1, axis=1)}) ** 2)
    gradients = tape.gradient(loss, [w.value for w in model.trainable_weights])
    moving = {w.path for w, g in zip(model.trainable_weights, gradients, strict=True) if np.abs(g).max() > 0}
    assert {name for name in ("item_vectors", "entity_vectors", "keys") if any(name in p for p in moving)} == learned
    assert len(moving) == len(model.trainable_weights)


@pytest.mark.parametrize("settings", [{}, {"train_knowledge": True, "train_items": True}])
def test_compiles_under_xla_with_gradients(settings):
    model, history = ksr(**settings), sequences()

    @tf.function(jit_compile=True)
    def step(history):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model({"history": history, "positive": history})))
        return loss, tape.gradient(loss, [w.value for w in model.trainable_weights])

    loss, gradients = step(tf.constant(history))
    assert float(loss) == pytest.approx(
        float(np.mean(np.square(model({"history": history, "positive": history})))), 1e-4
    )
    assert all(np.isfinite(g).all() for g in gradients)


def test_dropout_draws_one_mask_for_a_sequence_and_none_outside_training():
    model, history = ksr(dropout=0.5, output_dim=64), sequences(3)
    history[:] = np.arange(1, T + 1)
    dropped = np.asarray(model.queries(history, training=True)) == 0  # [B, T, d]; tanh is never exactly 0
    assert_array_equal(dropped, np.repeat(dropped[:, :1], T, axis=1))
    assert 0.3 < dropped.mean() < 0.7
    assert not np.array_equal(dropped[0], dropped[1])
    assert np.all(np.asarray(model.queries(history)) != 0)


def test_starts_from_vectors():
    model, rng = ksr(), np.random.default_rng(0)
    vectors = PretrainedEmbeddings(
        entity=rng.normal(size=(80, L)).astype(np.float32),
        relation=rng.normal(size=(9, L)).astype(np.float32),
        item=rng.normal(size=(ITEMS, 5)).astype(np.float32),
    )
    model.start_from(vectors)
    assert_allclose(model.item_vectors.embeddings, vectors.item)
    assert_allclose(model.entity_vectors.embeddings, vectors.entity[:ITEMS])
    assert_allclose(model.memory.cell.keys, vectors.relation[3:6])  # slot_relation is 3, 4, 5
    assert_allclose(model.value_vectors[1, 2], vectors.entity[50 + 7 + 2])
    shared = ksr(shared_values=True)
    shared.start_from(vectors)
    assert_allclose(shared.memory.values[1], vectors.entity[1:ITEMS].mean(axis=0) + vectors.relation[4], atol=1e-6)
    ksr(knowledge="none").start_from(vectors)  # takes the items
    with pytest.raises(InputError, match="model.train_items: expected true without pre-trained vectors of items, .*"):
        ksr().start_from(dataclasses.replace(vectors, item=None))
    with pytest.raises(InputError, match="model.train_knowledge: expected true without .* of knowledge, found false"):
        ksr().start_from(dataclasses.replace(vectors, relation=None))
    ksr(train_items=True, train_knowledge=True).start_from(PretrainedEmbeddings())
    with pytest.raises(InputError, match=f"pretraining.dim: expected {L}, as model.dim is, found vectors of {L - 1}"):
        ksr().start_from(dataclasses.replace(vectors, entity=vectors.entity[:, :-1]))
    with pytest.raises(InputError, match="pretraining.item_dim: expected 5, as model.item_dim is, found vectors of 6"):
        model.start_from(dataclasses.replace(vectors, item=np.zeros((ITEMS, 6), np.float32)))
    vectors.relation[4] = 0  # too rare to be learned, and yet a slot
    with pytest.raises(
        InputError, match="pretraining.min_relation_triples: expected no more than .*, found 1 of 3 left"
    ):
        ksr().start_from(vectors)


# ---------------------------------------------------------------------------------------------------------------------
# explanations


def test_explains_by_attributes_and_the_values_nearest_to_them():
    model = ksr()
    user, item = np.array([1, 2, EMPTY], np.int32), np.array([4, 5, 6], np.int32)
    found = {name: np.asarray(value) for name, value in outputs(model.explain(user, item)).items()}
    assert_allclose(found["logit"], model({"user": user, "item": item[:, None]})[:, 0], atol=1e-6)
    assert_array_equal(found["history_item"], model.history.numpy()[user])
    assert_array_equal(found["attribute_relation"], np.tile([3, 4, 5], (3, 1)))
    held = found["history_item"] > 0
    assert_allclose(found["step_weight"].sum(axis=-1), held, atol=1e-6)
    last = held.sum(axis=1) - 1
    assert_allclose(found["attribute_weight"][:2], found["step_weight"][[0, 1], last[:2]], atol=1e-6)

    memory = np.asarray(model.user_state(user).memory)
    entity, vectors = model.value_entity.numpy(), model.value_vectors.numpy()
    for b, a in np.ndindex(3, A):
        distance = np.abs(vectors[a] - memory[b, a]).sum(axis=-1)
        ranked = [k for k in np.argsort(distance, kind="stable") if entity[a, k]][:5]
        assert found["value_entity"][b, a, : len(ranked)].tolist() == entity[a, ranked].tolist()
        assert_allclose(found["value_distance"][b, a, : len(ranked)], distance[ranked], atol=1e-5)
    assert not found["value_entity"][:, 0, 2:].any()  # an attribute of two values
    assert not found["value_distance"][:, 0, 2:].any()


def test_slot_similarity_tells_copies():
    model = ksr()
    model.memory.cell.keys.assign(np.tile(np.ones(L), (A, 1)))  # the same key everywhere
    found = np.asarray(model.explain(np.array([1]), np.array([2])).slot_similarity)
    assert_allclose(found, 1, atol=1e-5)
    assert np.asarray(ksr().explain(np.array([1]), np.array([2])).slot_similarity)[0] < 0.95


@pytest.mark.parametrize("knowledge", ["item", "none"])
def test_without_a_memory_there_is_no_attribute_to_name(knowledge):
    found = ksr(knowledge=knowledge).explain(np.array([1]), np.array([2]))
    assert outputs(found).keys() == {"logit", "history_item"}


def test_shared_values_explain_too():
    found = ksr(shared_values=True).explain(np.array([1, 2]), np.array([2, 3]))
    assert np.asarray(found.value_entity).shape[:2] == (2, A)


def test_memory_figures_by_hand():
    model, history = ksr(), sequences()[:1]
    items = [item for item in history[0].tolist() if item]
    before = np.asarray(model.user_state(np.zeros(1, np.int32), np.array([items[:-1]], np.int32)).memory)[0]
    update = model.entity_vectors.embeddings.numpy()[items[-1]] + model.memory.cell.keys.numpy()
    found = model.memory_figures(history)
    assert float(found["mean_gate"]) == pytest.approx(np.mean(sigmoid(np.sum(before * update, axis=1))), abs=1e-5)
    assert -1 <= float(found["slot_similarity"]) <= 1
    assert ksr(knowledge="none").memory_figures(history) == {}


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"knowledge": "graph"}, "`knowledge` should be one of .* Received: 'graph'"),
        ({"slot_write": "some"}, "`slot_write` should be 'every' or 'own'. Received: 'some'"),
        ({"output_layers": 0}, "`output_layers` should be at least 1, or 0 with .* Received: 0, knowledge 'memory', "),
        ({"score": "dot", "knowledge": "none"}, f"Received: 0, knowledge 'none', `item_dim` {D}, `hidden_dim` 6"),
        ({"score": "dot", "hidden_dim": D}, "Received: 0, knowledge 'memory', "),
        ({"num_slots": 0}, "`num_slots` should be at least 1 with knowledge 'memory'. Received: 0"),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        ksr(**settings)


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["model.score=dot"], "model.score: expected mlp with knowledge: memory, found dot"),
        (
            ["model.score=dot", "model.knowledge=none", "model.item_dim=32"],
            "model.hidden_dim: expected 32 with score: dot, as item_dim is, found 64",
        ),
    ],
)
def test_eq_2_wants_equal_widths_and_nothing_of_the_graph(overrides, line):
    raw = {"model": {"name": "ksr"}, "data": {"dataset": "synthetic", "protocol": "sequential"}}
    with pytest.raises(InputError) as caught:
        build_config(raw, overrides)
    assert str(caught.value).endswith(line)
