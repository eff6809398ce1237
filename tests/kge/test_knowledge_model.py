"""The margin ranking loss and one step of training, worked out on paper."""

import keras
import numpy as np
import pytest

from tests.harness import gradients
from tests.kge.small import METHOD_NAMES, clustered_graph, put
from tfkgrec.kge.knowledge_model import clip_length
from tfkgrec.kge.methods import method_class
from tfkgrec.kge.trans_e import TransE
from tfkgrec.kge.translation import MAX_RELATION_NORM
from tfkgrec.kge.triple_batches import TripleBatches

# Entities 1 = (1, 0), 2 = (0, 1), 3 = (-1, 0); relation 1 = (0, 0.5).
ENTITY, RELATION = [[1, 0], [0, 1], [-1, 0]], [[0, 0.5]]
# The triple (1, 1, 2), and two corruptions: the tail becomes 3, the head becomes 2.
BATCH = {
    "relation": np.array([1], np.int32),
    "head": np.array([[1]], np.int32),
    "tail": np.array([[2]], np.int32),
    "other": np.array([[[3, 2]]], np.int32),
    "at_head": np.array([[[False, True]]]),
    "weight": np.array([[[1, 1]]], np.float32),
}
# h + r - t: (1, 0) + (0, 0.5) - (0, 1) = (1, -0.5); with tail 3: (2, 0.5); with head 2: (0, 0.5)
TRUE, FALSE_TAIL, FALSE_HEAD = 1.25**0.5, 4.25**0.5, 0.5


def small(margin: float = 1.0) -> TransE:
    model = TransE(4, 2, 2, margin=margin)
    put(model, entity=ENTITY, relation=RELATION)
    return model


def loss(model, batch: dict) -> float:
    return float(model.compute_loss(batch, None, model(batch)))


def test_call_scores_the_triple_and_both_corruptions():
    score, false_score = small()(BATCH)
    np.testing.assert_allclose(score, [[-TRUE]], atol=1e-6)
    np.testing.assert_allclose(false_score, [[[-FALSE_TAIL, -FALSE_HEAD]]], atol=1e-6)


def test_loss_is_the_mean_of_the_hinges_that_count():
    hinges = [max(0, 1 + TRUE - FALSE_TAIL), 1 + TRUE - FALSE_HEAD]  # 0.0565, 1.618
    assert loss(small(), BATCH) == pytest.approx(np.mean(hinges), abs=1e-6)
    assert loss(small(margin=0.5), BATCH) == pytest.approx((0.5 + TRUE - FALSE_HEAD) / 2, abs=1e-6)  # the first is 0
    first_only = {**BATCH, "weight": np.array([[[1, 0]]], np.float32)}
    assert loss(small(), first_only) == pytest.approx(hinges[0], abs=1e-6)
    assert loss(small(), {**BATCH, "weight": np.zeros((1, 1, 2), np.float32)}) == 0


def test_one_step_follows_the_gradient_and_then_the_limits():
    model = small()
    model.compile(optimizer=keras.optimizers.SGD(0.1), jit_compile=False)
    second_only = {**BATCH, "weight": np.array([[[0, 1]]], np.float32)}
    model.train_on_batch(second_only)
    # loss = 1 + ||e1 + r - e2|| - ||e2 + r - e2||;  u = (1, -0.5) / TRUE for the triple, v = (0, 1) for the corruption
    u, v = np.array([1, -0.5]) / TRUE, np.array([0, 1])
    e1 = np.array([1, 0]) - 0.1 * u
    e2 = np.array([0, 1]) + 0.1 * u  # as head and tail of the corruption it cancels out
    r = np.array([0, 0.5]) - 0.1 * (u - v)
    entity, relation = model.vectors()
    np.testing.assert_allclose(entity, [[0, 0], e1 / np.linalg.norm(e1), e2 / np.linalg.norm(e2), [-1, 0]], atol=1e-5)
    np.testing.assert_allclose(relation, [[0, 0], r], atol=1e-5)  # shorter than one: left as it is


def test_clip_length_shortens_what_is_too_long():
    found = np.asarray(clip_length(np.array([[3, 4], [0.3, 0.4], [0, 0]], np.float32)))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0.3, 0.4], [0, 0]], atol=1e-6)
    assert np.isfinite(gradients(clip_length, np.zeros((1, 2), np.float32))[0]).all()


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_compiled_steps_learn_and_keep_the_limits(name):
    """XLA; every table moves, lengths hold, row 0 stays zero."""
    graph = clustered_graph(items=40)
    first = _trained(name, graph)
    entity, relation = first.vectors()
    np.testing.assert_allclose(np.linalg.norm(entity[1:], axis=1), 1, atol=1e-5)
    if name != "distmult":
        assert np.linalg.norm(relation, axis=1).max() <= MAX_RELATION_NORM + 1e-5
    untrained = method_class(name)(graph.num_entities, graph.num_relations, 4, seed=1)
    for weight, before in zip(first.trainable_weights, untrained.trainable_weights, strict=True):
        rows = np.any(np.asarray(weight) != np.asarray(before), axis=1)
        assert rows[1:].all(), weight.path
        assert not np.asarray(weight)[0].any() or weight.path.startswith("matrix"), weight.path


def _trained(name: str, graph) -> keras.Model:
    model = method_class(name)(graph.num_entities, graph.num_relations, 4, seed=1)
    batches = TripleBatches(graph, 64, negatives=2, seed=1)
    model.compile(optimizer=keras.optimizers.Adam(0.05), jit_compile=True)
    losses = model.fit(batches, epochs=4, verbose=0, shuffle=False).history["loss"]
    assert losses[-1] < losses[0]
    return model
