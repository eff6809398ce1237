"""In a step of training the graph is without the step's own positives: values, and no trace of them."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from tests.models.lightgcn.small import LIKES, lightgcn, slow_logits

SAME = 1e-5
BATCH: dict[str, Any] = {
    "user": np.array([1, 3, 3, 0, 4], np.int32),
    "item": np.array([[2, 3], [1, 5], [5, 4], [1, 2], [6, 0]], np.int32),
    "label": np.array([[1, 0], [1, 1], [1, 0], [1, 0], [1, 1]], np.float32),  # 3, 5 stands there twice
    "weight": np.array([[1, 1], [2.5, 1], [1, 1], [1, 1], [1, 0]], np.float32),
}
OWN = {(1, 2), (3, 1), (3, 5), (4, 6)}  # user 4 and item 6 then have no edge between users and items left
WITHOUT = tuple(pair for pair in LIKES if pair not in OWN)


@pytest.mark.parametrize("compiled", [False, True])
def test_logits_of_a_step_are_those_of_a_graph_without_its_positives(compiled):
    model = lightgcn()
    step = tf.function(lambda: model(BATCH, training=True), jit_compile=True) if compiled else None
    found = step() if step else model(BATCH, training=True)
    assert_allclose(found, slow_logits(model, BATCH["user"], BATCH["item"], WITHOUT), atol=SAME)
    assert np.abs(found - slow_logits(model, BATCH["user"], BATCH["item"])).max() > 1e-2


def test_a_pairs_logit_does_not_tell_whether_its_edge_is_in_the_graph():
    assert moved_by_own_edges() < SAME


def test_the_check_notices_a_leak():
    assert moved_by_own_edges(leave_out=False) > 1e-2


def moved_by_own_edges(**settings: Any) -> float:
    """How much the logits of a step move when the pairs of the step are made edges of the graph, known users' only."""
    with_edges, without = lightgcn(**settings), lightgcn(WITHOUT, **settings)
    for here, there in zip(without.trainable_weights, with_edges.trainable_weights, strict=True):
        assert np.array_equal(here, there)
    inputs = BATCH if with_edges.reads_labels else {name: BATCH[name] for name in ("user", "item")}
    found, expected = (np.asarray(model(inputs, training=True))[[0, 1, 2]] for model in (with_edges, without))
    return float(np.abs(found - expected).max())


def test_negatives_and_padding_take_nothing_away():
    model = lightgcn()
    quiet = {**BATCH, "label": np.zeros_like(BATCH["label"])}
    assert_allclose(model(quiet, training=True), slow_logits(model, BATCH["user"], BATCH["item"]), atol=SAME)
    padded = {**BATCH, "weight": np.zeros_like(BATCH["weight"])}
    assert_allclose(model(padded, training=True), slow_logits(model, BATCH["user"], BATCH["item"]), atol=SAME)


def test_gradients_are_those_of_the_graph_without_the_positives():
    """Of item 5, too, whose only edge to a user is gone."""
    kept = tuple(pair for pair in LIKES if pair not in OWN or pair == (4, 6))
    rows = {name: array[:3] for name, array in BATCH.items()}
    found, expected = (_gradients(lightgcn(likes), rows) for likes in (LIKES, kept))
    for here, there in zip(found, expected, strict=True):
        assert np.isfinite(here).all()
        assert_allclose(here, there, atol=1e-4)


def _gradients(model: Any, batch: dict[str, Any]) -> list[np.ndarray]:
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(model(batch, training=True)))
    tables = [model.user_embedding.embeddings, model.entity_embedding.embeddings]
    return [np.asarray(tf.convert_to_tensor(g)) for g in tape.gradient(total, tables)]
