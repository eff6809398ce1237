"""Softmax and means under a mask; which history items a candidate may see."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import gradients, softmax
from tfkgrec.layers.masked import leave_out, masked_mean, masked_mean_weights, masked_softmax

RNG = np.random.default_rng(0)


def test_softmax_by_hand():
    # over 1 and 0, the 9 being masked: e / (e + 1) = .7311, 1 / (e + 1) = .2689
    found = masked_softmax(np.array([1.0, 9.0, 0.0], np.float32), np.array([True, False, True]))
    assert_allclose(found, [0.7311, 0, 0.2689], atol=1e-4)


def test_softmax_equals_the_loop():
    scores, mask = RNG.normal(size=(6, 4, 5)).astype(np.float32), RNG.random((6, 4, 5)) < 0.5
    found = masked_softmax(scores, mask)
    for at in np.ndindex(6, 4):
        expected = np.zeros(5)
        if mask[at].any():
            expected[mask[at]] = softmax(scores[at][mask[at]])
        assert_allclose(found[at], expected, atol=1e-6)


def test_softmax_along_another_axis():
    scores, mask = RNG.normal(size=(3, 4)).astype(np.float32), RNG.random((3, 4)) < 0.6
    assert_allclose(masked_softmax(scores, mask, axis=0), np.transpose(masked_softmax(scores.T, mask.T)), atol=1e-7)


@pytest.mark.parametrize("size", [0.0, 1e3, -1e3, 3e4, -3e4])
def test_softmax_of_huge_scores_is_finite(size):
    scores = np.array([[size, size - 1, size], [1.0, size, 0.0]], np.float32)
    mask = np.array([[True, True, False], [False, True, False]])
    # [0, -1] after a shift: .7311, .2689; alone: 1
    assert_allclose(masked_softmax(scores, mask), [[0.7311, 0.2689, 0], [0, 1, 0]], atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_all_masked_row_gives_zeros_in_every_precision(dtype):
    scores = keras.ops.convert_to_tensor(RNG.normal(size=(2, 3)), dtype=dtype)
    mask = np.array([[False] * 3, [True] * 3])
    found = keras.ops.convert_to_numpy(keras.ops.cast(masked_softmax(scores, mask), "float32"))
    assert_array_equal(found[0], 0)
    assert found[1].sum() == pytest.approx(1, abs=0.01)


def test_softmax_gradient_is_finite_and_stops_at_the_mask():
    scores, mask = RNG.normal(size=(4, 3)).astype(np.float32), RNG.random((4, 3)) < 0.5
    mask[0], mask[1] = False, True
    weight = RNG.normal(size=(4, 3)).astype(np.float32)
    (found,) = gradients(lambda s: masked_softmax(s, mask) * weight, scores)
    assert_array_equal(found[~mask], 0)
    for row in range(4):  # d(w . a)/ds = a * (w - w . a), the textbook's
        a = np.zeros(3)
        if mask[row].any():
            a[mask[row]] = softmax(scores[row][mask[row]])
        assert_allclose(found[row], a * (weight[row] - weight[row] @ a), atol=1e-6)


def test_mean_weights():
    mask = np.array([[True, True, False, True], [False] * 4, [False, True, False, False]])
    assert_allclose(masked_mean_weights(mask), [[1 / 3, 1 / 3, 0, 1 / 3], [0] * 4, [0, 1, 0, 0]], atol=1e-7)
    assert masked_mean_weights(mask, "float16").dtype == "float16"


# A user with history 5, 7, 9 and one empty slot; candidates 7 (in it), 8 (not in it) and 0 (padding of the batch).
HISTORY = np.array([[5, 7, 9, 0]], np.int32)
ITEM = np.array([[7, 8, 0]], np.int32)


def test_leave_out_at_evaluation():
    # 7 does not see itself; the others see all that is there.
    assert_array_equal(leave_out(HISTORY, ITEM)[0], [[1, 0, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0]])


def test_leave_out_in_training():
    # 7 loses itself, whatever slot was drawn for it; 8 loses the drawn slot 2: two items stay for both. For a negative
    # the empty slot is never drawn (data/pipeline.py); padding may see what it likes.
    left_out = np.array([[0, 2, 0]], np.int32)
    assert_array_equal(leave_out(HISTORY, ITEM, left_out)[0, :2], [[1, 0, 1, 0], [1, 1, 0, 0]])


@pytest.mark.parametrize("with_left_out", [False, True])
def test_leave_out_equals_the_loop(with_left_out):
    history, item = RNG.integers(0, 6, (5, 4)), RNG.integers(1, 9, (5, 3))
    left_out = RNG.integers(0, 4, (5, 3)) if with_left_out else None
    found = leave_out(history.astype(np.int32), item.astype(np.int32), left_out)
    assert found.shape == (5, 3, 4)
    for g, m in np.ndindex(5, 3):
        hit = item[g, m] in history[g]
        for t in range(4):
            gone = history[g, t] == item[g, m] if hit or left_out is None else t == left_out[g, m]
            assert bool(found[g, m, t]) == (history[g, t] != 0 and not gone)


def test_mean_of_vectors_by_hand():
    vectors = np.array([[[1, 2], [3, 6], [90, 90]], [[5, 5], [6, 6], [7, 7]]], np.float32)
    mask = np.array([[True, True, False], [False, False, False]])
    assert_allclose(masked_mean(vectors, mask), [[2, 4], [0, 0]])
