"""KGCN against its equations written out for one pair at a time, and everything a recommender has to offer."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import set_weights, softmax
from tests.models.kgcn.small import kgcn
from tests.models.small import ITEMS, LONELY, USERS, D, K, batch
from tfkgrec.models.kgcn.model import KGCN
from tfkgrec.models.recommender import TableSizes, outputs

VARIANTS = {
    "paper": {},
    "concat": {"aggregator": "concat"},
    "neighbour": {"aggregator": "neighbour"},
    "item bias": {"item_bias": True},
}
USER, ITEM = np.arange(USERS, dtype=np.int32), np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))


def every_variant(function):
    return pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS.keys())(function)


def value(variable) -> np.ndarray:
    return variable.numpy().astype(np.float64)


def neighbours(model: KGCN, item: int) -> list[tuple[int, int]]:
    tables = value(model.neighbour_entity)[item], value(model.neighbour_relation)[item]
    return [(int(e), int(r)) for e, r in zip(*tables, strict=True) if e]


def summary(model: KGCN, user: int, item: int) -> np.ndarray:
    """v_N of one pair, in float64, straight from the paper."""
    u, near = value(model.user_embedding.embeddings)[user], neighbours(model, item)
    if not near:
        return np.zeros(D)
    pi = softmax([u @ value(model.relation_embedding.embeddings)[r] for _, r in near])
    return sum(p * value(model.entity_embedding.embeddings)[e] for p, (e, _) in zip(pi, near, strict=True))


def obvious(model: KGCN, user: int, item: int) -> float:
    """The logit of one pair."""
    v, around = value(model.entity_embedding.embeddings)[item], summary(model, user, item)
    x = {"sum": v + around, "concat": np.concatenate([v, around]), "neighbour": around}[model.aggregator_kind]
    view = np.tanh(x @ value(model.aggregator.kernel) + value(model.aggregator.bias))
    bias = 0 if model.head.item_bias is None else value(model.head.item_bias.embeddings)[item, 0]
    return float(value(model.user_embedding.embeddings)[user] @ view + bias)


def logits(model: KGCN, user: np.ndarray = USER, item: np.ndarray = ITEM) -> np.ndarray:
    return np.asarray(model.score_items(model.user_state(user), item))


@pytest.mark.parametrize(
    ("aggregator", "expected"),
    # pi = softmax([ln 3, 0]) = [3/4, 1/4], v_N = [3, 1]; v = [-2, -1]; W = I, b = 0; u = [ln 3, 0]
    [("sum", 1.098612 * 0.761594), ("neighbour", 1.098612 * 0.995055)],  # ln 3 tanh(-2 + 3), ln 3 tanh(3)
)
def test_two_neighbours_by_hand(aggregator, expected):
    model = KGCN(TableSizes(2, 2, 4, 3), dim=2, num_neighbours=2, aggregator=aggregator, l2=0.0)
    model.build()
    set_weights(model.user_embedding, embeddings=[[0, 0], [np.log(3), 0]])
    set_weights(model.relation_embedding, embeddings=[[0, 0], [1, 0], [0, 1]])
    set_weights(model.entity_embedding, embeddings=[[0, 0], [-2, -1], [4, 0], [0, 4]])
    set_weights(model.aggregator, kernel=np.eye(2), bias=[0, 0])
    model.set_table("neighbour_entity", np.array([[0, 0], [2, 3]]))
    model.set_table("neighbour_relation", np.array([[0, 0], [1, 2]]))
    found = model.explain(np.array([1], np.int32), np.array([1], np.int32))
    assert_allclose(found.neighbour_weight, [[0.75, 0.25]], atol=1e-6)
    assert_allclose(found.logit, [expected], atol=1e-5)


@every_variant
def test_logits_equal_the_equations(settings):
    """Every user, the stranger too, with every item, the unknown one and the one without neighbours too."""
    model = kgcn(**settings)
    expected = [[obvious(model, u, i) for i in range(ITEMS)] for u in range(USERS)]
    assert_allclose(logits(model), expected, atol=1e-5)
    assert_allclose(model({"user": USER, "item": ITEM}, training=True), expected, atol=1e-5)
    assert np.std(expected) > 0.1


def test_padding_has_no_say():
    model = kgcn(aggregator="neighbour")
    before = logits(model)[:, 1:]
    for table in (model.entity_embedding, model.relation_embedding):
        vectors = table.embeddings.numpy()
        vectors[0] += 5
        table.embeddings.assign(vectors)
    assert_allclose(logits(model)[:, 1:], before, atol=1e-6)


def test_l2_is_half_the_squares_of_the_whole_matrices():
    model = kgcn(l2=0.25)
    model(batch(), training=True)
    tables = (model.user_embedding, model.entity_embedding, model.relation_embedding)
    total = sum(np.sum(value(t.embeddings) ** 2) for t in tables) + np.sum(value(model.aggregator.kernel) ** 2)
    assert float(model.losses[0]) == pytest.approx(0.25 / 2 * total, rel=1e-5)


def test_pair_l2_is_of_the_batchs_vectors_and_counts_real_pairs_only():
    model = kgcn(pair_l2=0.5)
    user, item = np.array([1, 2], np.int32), np.array([[3, 4], [LONELY, 0]], np.int32)
    model({"user": user, "item": item}, training=True)
    u, v = value(model.user_embedding.embeddings), value(model.entity_embedding.embeddings)
    pairs = ((1, 3), (1, 4), (2, LONELY))
    total = sum(np.sum(u[a] ** 2) + np.sum(v[b] ** 2) + np.sum(summary(model, a, b) ** 2) for a, b in pairs)
    assert float(model.losses[0]) == pytest.approx(0.5 * total / 3, rel=1e-5)


def test_no_penalty_outside_training_or_by_default():
    for model, training in ((kgcn(), True), (kgcn(l2=0.1, pair_l2=0.1), False)):
        model(batch(), training=training)
        assert not model.losses


@every_variant
def test_explain(settings):
    model = kgcn(**settings)
    user, item = np.repeat(USER, ITEMS), ITEM.ravel()
    found = {name: np.asarray(v) for name, v in outputs(model.explain(user, item)).items()}
    assert_allclose(found["logit"], logits(model).ravel(), atol=1e-6)
    rows = model.neighbour_entity.numpy()[item]
    assert found["neighbour_weight"].shape == rows.shape == (USERS * ITEMS, K)
    assert_array_equal(found["neighbour_entity"], model.entity_ids.numpy()[rows])  # the dataset's own numbers
    assert_array_equal(found["neighbour_relation"], model.neighbour_relation.numpy()[item])
    assert_array_equal(found["neighbour_weight"][rows == 0], 0)
    assert_allclose(found["neighbour_weight"].sum(axis=1), (rows > 0).any(axis=1), atol=1e-6)
    for n in range(len(item)):
        u, near = value(model.user_embedding.embeddings)[user[n]], neighbours(model, item[n])
        pi = softmax([u @ value(model.relation_embedding.embeddings)[r] for _, r in near]) if near else []
        assert_allclose(found["neighbour_weight"][n][rows[n] > 0], pi, atol=1e-6)


def test_what_the_paper_lacks_is_off_by_default():
    # u, e, r vectors; W and b
    assert len(kgcn().trainable_weights) == 5
    assert kgcn().head.item_bias is None


def test_bad_arguments():
    with pytest.raises(ValueError, match="`aggregator` should be one of .*'sum', 'concat'.* Received: 'mean'"):
        kgcn(aggregator="mean")
