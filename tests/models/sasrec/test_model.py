"""SASRec: the paper's equations as a loop, no look ahead, the newest items alone, and what its attention tells."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import softmax
from tests.layers.test_causal_block import dense, norm
from tests.models.small import settings_of
from tfkgrec.models.sasrec.model import SASRec, SasrecSizes, newest
from tfkgrec.models.sasrec.settings import SasrecSettings

USERS, ITEMS, D, T = 5, 12, 4, 6
VARIANTS = {
    "two blocks": {},
    "one block": {"num_blocks": 1},
    "no places": {"positions": False},
    "no bias": {"item_bias": False},
}
variants = pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)


def sasrec(seed: int = 0, **settings: Any) -> SASRec:
    """A built model with weights and histories drawn at random; the last user has none."""
    rng = np.random.default_rng(seed)
    plain = {"dim": D, "history_length": T, "dropout": 0.0}
    model = SASRec.from_settings(SasrecSizes(USERS, ITEMS), settings_of(SasrecSettings, **{**plain, **settings}))
    model.build()
    for weight in model.weights:
        if weight.dtype == "float32" and not weight.name.startswith("calibration"):
            weight.assign(0.8 * rng.normal(size=weight.shape))
    history = np.zeros((USERS, T), int)
    for user in range(1, USERS - 1):
        count = rng.integers(2, T + 1)
        history[user, :count] = rng.permutation(np.arange(1, ITEMS))[:count]
    model.set_table("history", history)
    return model


def obvious_query(model: SASRec, items: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Eqs 1-5 for the newest of some items, and its attention in the last block; the learned vector of no items."""
    if not items:
        return model.no_history.numpy(), np.zeros(0)
    table = model.item_vectors.embeddings.numpy().astype(np.float64)
    x = table[items] + (model.places.numpy()[: len(items)] if model.positions else 0)  # (1)
    for block in model.blocks:
        out = np.zeros_like(x)
        for t in range(len(items)):
            n = [norm(block.norms[0], x[s]) for s in range(t + 1)]
            query = dense(block.query, n[t])
            w = softmax([query @ dense(block.key, one) / D**0.5 for one in n])
            s = x[t] + sum(w[i] * dense(block.value, one) for i, one in enumerate(n))  # (2, 3)
            out[t] = s + dense(block.feed[1], np.maximum(dense(block.feed[0], norm(block.norms[1], s)), 0))  # (4)
        x = out  # (5)
    return norm(model.norm, x[-1]), w


@variants
def test_fast_equals_obvious(settings):
    """At every step of rows with padding on the right, on the left and amid."""
    model = sasrec(**settings)
    rows = np.array([[3, 7, 2, 9, 1, 4], [5, 8, 0, 0, 0, 0], [0, 0, 6, 0, 2, 11], [0, 0, 0, 0, 0, 0]], np.int32)
    found = model.queries(rows)
    bias = np.zeros(ITEMS) if model.bias is None else model.bias.embeddings.numpy()[:, 0]
    scores = model.score_items(model.user_state(np.zeros(4, np.int32), rows), np.tile(np.arange(ITEMS), (4, 1)))
    for b, row in enumerate(rows.tolist()):
        for t in range(T):
            query, _ = obvious_query(model, [item for item in row[: t + 1] if item])
            assert_allclose(found[b, t], query, atol=2e-5)
        assert_allclose(scores[b], model.item_vectors.embeddings.numpy() @ query + bias, atol=1e-4)  # (6)


def test_a_later_item_changes_no_earlier_score():
    """Nor does one more of them, where there were fewer: places count from the oldest."""
    model, item = sasrec(), np.arange(1, ITEMS)
    short = np.array([[3, 7, 2, 0, 0, 0]], np.int32)
    for longer in ([3, 7, 2, 9, 0, 0], [3, 7, 2, 9, 1, 4], [3, 7, 2, 5, 5, 5]):
        inputs = {"positive": np.broadcast_to(item[:1], (1, T)).astype(np.int32), "negative": item.astype(np.int32)}
        before, after = (np.asarray(model({**inputs, "history": h})) for h in (short, np.array([longer], np.int32)))
        assert_allclose(after[:, :3], before[:, :3], atol=1e-6)
        assert np.abs(after[:, 3] - before[:, 3]).max() > 1e-2


def test_order_counts_by_places_and_by_what_a_step_sees():
    item = np.arange(ITEMS)[None]
    one, other = np.array([[3, 7, 2]], np.int32), np.array([[7, 3, 2]], np.int32)

    def apart(model: SASRec) -> float:
        first, second = (np.asarray(model.score_items(model.user_state(np.zeros(1), h), item)) for h in (one, other))
        return float(np.abs(first - second).max())

    assert apart(sasrec()) > 1e-2
    assert apart(sasrec(positions=False, num_blocks=1)) < 1e-5  # the newest sees the others as a set
    assert apart(sasrec(positions=False)) > 1e-3  # but they have not seen the same


def test_the_newest_items_by_hand():
    history = np.array([[0, 4, 0, 5, 6, 0], [1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0]], np.int32)
    assert_array_equal(newest(history, 3), [[4, 5, 6], [4, 5, 6], [0, 0, 0]])
    assert_array_equal(newest(history, 8)[0], [0, 0, 0, 0, 0, 4, 5, 6])


def test_only_the_newest_items_count_and_clicks_move_the_window():
    model, clicks = sasrec(), np.random.default_rng(0).integers(1, ITEMS, 2 * T)
    state = model.zero_state(1)
    for n, click in enumerate(clicks):
        state = model.advance(state, np.array([click], np.int32))
        whole = model.user_state(np.zeros(1, np.int32), clicks[None, : n + 1].astype(np.int32))
        query, _ = obvious_query(model, clicks[: n + 1][-T:].tolist())
        assert_array_equal(state.window, whole.window)
        assert_allclose(state.query[0], query, atol=2e-5)
        assert_allclose(whole.query, state.query, atol=1e-6)
    same = model.advance(state, np.array([0], np.int32))
    assert_array_equal(same.window, state.window)
    assert_allclose(same.query, state.query, atol=1e-6)


def test_its_explanation_is_the_last_blocks_attention():
    model = sasrec()
    user, item = np.array([1, 2, USERS - 1], np.int32), np.array([2, 3, 4], np.int32)
    found = model.explain(user, item)
    history = model.history.numpy()
    for b in range(2):
        items = [one for one in history[user[b]].tolist() if one]
        query, weight = obvious_query(model, items)
        assert found.history_item[b].numpy().tolist() == [0] * (T - len(items)) + items
        assert_allclose(found.history_attention[b, T - len(items) :], weight, atol=1e-5)
        expected = query @ model.item_vectors.embeddings.numpy()[item[b]] + model.bias.embeddings.numpy()[item[b], 0]
        assert float(found.logit[b]) == pytest.approx(float(expected), abs=1e-4)
    assert not np.asarray(found.history_attention)[2].any()


def test_compiles_under_xla_with_gradients():
    model, history = sasrec(), np.array([[3, 7, 2, 9, 0, 0], [0, 8, 4, 1, 2, 6]], np.int32)

    @tf.function(jit_compile=True)
    def step(history):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model({"history": history, "positive": history})))
        return loss, tape.gradient(loss, [w.value for w in model.trainable_weights])

    loss, gradients = step(tf.constant(history))
    plain = keras.ops.mean(keras.ops.square(model({"history": history, "positive": history})))
    assert float(loss) == pytest.approx(float(plain), 1e-4)
    assert all(np.isfinite(g).all() and np.abs(g).max() > 0 for g in gradients)
