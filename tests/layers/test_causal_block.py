"""SASRec's block against a loop over steps, what it sees and what it does not."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.harness import check_layer, gradients, same_numbers, softmax
from tfkgrec.layers.causal_block import EPSILON, CausalBlock

B, T, D = 3, 5, 4


def inputs() -> dict[str, np.ndarray]:
    """Causal, with steps that nobody sees: the second row begins with two, the third has no others."""
    rng = np.random.default_rng(0)
    real = np.array([[1, 1, 0, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]], bool)
    visible = np.tril(np.ones((T, T), bool)) & real[:, None]
    return {"steps": rng.normal(size=(B, T, D)).astype(np.float32), "visible": visible}


def built() -> CausalBlock:
    """With weights at random, those of the norms too."""
    layer = CausalBlock(D)
    layer(**inputs())
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def norm(layer, x: np.ndarray) -> np.ndarray:
    gamma, beta = (w.numpy().astype(np.float64) for w in layer.weights)
    return (x - x.mean()) / np.sqrt(x.var() + EPSILON) * gamma + beta


def dense(layer, x: np.ndarray) -> np.ndarray:
    kernel, *bias = (w.numpy().astype(np.float64) for w in layer.weights)
    return x @ kernel + (bias[0] if bias else 0)


def test_as_a_keras_layer(tmp_path):
    weights = sorted([(D,)] * 6 + [(D, D)] * 5)
    check_layer(CausalBlock, {"dim": D, "dropout": 0.0}, inputs(), ((B, T, D), (B, T, T)), weights, tmp_path)


def test_equals_the_loop():
    given, layer = inputs(), built()
    found, weight = layer(**given)
    for b, t in np.ndindex(B, T):
        x = given["steps"][b].astype(np.float64)
        seen = np.flatnonzero(given["visible"][b, t])
        attended, w = np.zeros(D), np.zeros(T)
        if len(seen):
            query = dense(layer.query, norm(layer.norms[0], x[t]))
            keys = [dense(layer.key, norm(layer.norms[0], x[s])) for s in seen]
            w[seen] = softmax([query @ key / D**0.5 for key in keys])
            attended = sum(w[s] * dense(layer.value, norm(layer.norms[0], x[s])) for s in seen)  # (2, 3)
        s = x[t] + attended
        fed = dense(layer.feed[1], np.maximum(dense(layer.feed[0], norm(layer.norms[1], s)), 0))  # (4)
        same_numbers(found[b, t], s + fed, 2e-5)
        same_numbers(weight[b, t], w, 1e-5)


def test_a_later_step_moves_no_earlier_one():
    given, layer = inputs(), built()
    other = given["steps"].copy()
    other[:, 3:] += 5
    before, after = (np.asarray(layer(steps, given["visible"])[0]) for steps in (given["steps"], other))
    assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[0, 3:] - after[0, 3:]).min() > 1e-3


def test_gradients_are_finite_where_nothing_is_seen():
    given, layer = inputs(), built()
    (found,) = gradients(lambda x: layer(x, given["visible"] & False), given["steps"])
    assert np.isfinite(found).all()


def test_what_is_dropped_stays_so_for_all_steps():
    layer = CausalBlock(D, dropout=0.5)
    zeros = np.zeros((B, T, D), np.float32)
    layer(zeros, inputs()["visible"])
    layer.feed[1].bias.assign(np.ones(D))  # of steps of zeros this alone comes out, dropped or doubled
    found, _ = layer(zeros, inputs()["visible"] & False, training=True)
    assert set(np.unique(found)) == {0.0, 2.0}
    assert_array_equal(found, np.repeat(np.asarray(found)[:, :1], T, axis=1))


def test_a_width_of_nothing_is_told():
    with pytest.raises(ValueError, match="`dim` should be at least 1. Received: 0"):
        CausalBlock(0)
