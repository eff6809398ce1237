"""KSR's READ (eqs 5, 6): weights over attributes, and what the memory holds of them."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.harness import CASE, softmax
from tfkgrec.layers.memory_read import MemoryRead

B, T, A, L = 2, 3, 4, 5


def inputs() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = {"query": (B, T, L), "keys": (A, L), "values": (B, T, A, L)}
    return {name: 0.3 * rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_as_a_keras_layer():
    given = inputs()
    shapes = {f"{name}_shape": values.shape for name, values in given.items()}
    CASE.run_layer_test(
        MemoryRead,
        {"gamma": 2.0},
        input_shape=shapes,
        expected_output_shape=((B, T, L), (B, T, A)),
        expected_num_trainable_weights=0,
        run_training_check=False,  # there is nothing to train
        run_mixed_precision_check=False,
    )
    half = MemoryRead(dtype="mixed_float16")(**given)
    assert [keras.backend.standardize_dtype(x.dtype) for x in half] == ["float16"] * 2


def test_two_slots_by_hand():
    # gamma h . k = 10 * (.1, 0) = (1, 0);  w = softmax(1, 0) = (.7311, .2689)
    # m = .7311 * (1, 2) + .2689 * (-1, 0) = (.4621, 1.4621)
    query, keys = np.array([[[0.1, 0.0]]], np.float32), np.eye(2, dtype=np.float32)
    values = np.array([[[[1, 2], [-1, 0]]]], np.float32)
    read, weights = MemoryRead()(query, keys, values)
    assert_allclose(weights, [[[0.7311, 0.2689]]], atol=1e-4)
    assert_allclose(read, [[[0.4621, 1.4621]]], atol=1e-4)


def test_equals_the_reference():
    given = inputs()
    read, weights = MemoryRead(3.0)(**given)
    for b, t in np.ndindex(B, T):
        w = softmax([3 * given["query"][b, t] @ key for key in given["keys"]])
        assert_allclose(weights[b, t], w, atol=1e-6)
        assert_allclose(read[b, t], sum(w[a] * given["values"][b, t, a] for a in range(A)), atol=1e-6)


def test_weights_alone():
    given = inputs()
    read, weights = MemoryRead()(given["query"], given["keys"])
    assert read is None
    assert_allclose(weights, MemoryRead()(**given)[1])


def test_bad_arguments():
    with pytest.raises(ValueError, match="`gamma` should be positive. Received: 0"):
        MemoryRead(0)
