"""The sequence GRU (KSR, eq 1) against a loop over steps, and one step at a time."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import check_layer, gradients, sigmoid
from tfkgrec.layers.sequence_gru import SequenceGRU

B, T, D, UNITS = 3, 5, 4, 3


def inputs(b: int = B) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"inputs": rng.normal(size=(b, T, D)).astype(np.float32), "mask": rng.random((b, T)) < 0.6}


def built(given: dict[str, np.ndarray]) -> SequenceGRU:
    layer = SequenceGRU(UNITS)
    layer(**given)
    layer.bias.assign(np.random.default_rng(3).normal(size=3 * UNITS))
    return layer


def test_as_a_keras_layer(tmp_path):
    weights = sorted([(D, 3 * UNITS), (3 * UNITS,), (UNITS, 2 * UNITS), (UNITS, UNITS)])
    check_layer(SequenceGRU, {"units": UNITS}, inputs(), (B, T, UNITS), weights, tmp_path)


def test_equals_the_reference():
    given = inputs()
    layer = built(given)
    w_z, w_r, w_h = np.split(layer.kernel.numpy().astype(np.float64), 3, axis=1)
    b_z, b_r, b_h = np.split(layer.bias.numpy(), 3)
    (u_z, u_r), u_h = np.split(layer.cell.gate_kernel.numpy(), 2, axis=1), layer.cell.state_kernel.numpy()
    found = layer(**given)
    for row in range(B):
        h = np.zeros(UNITS)
        for t in range(T):
            if given["mask"][row, t]:
                x = given["inputs"][row, t]
                z, r = sigmoid(x @ w_z + b_z + h @ u_z), sigmoid(x @ w_r + b_r + h @ u_r)
                h = (1 - z) * h + z * np.tanh(x @ w_h + b_h + (r * h) @ u_h)
            assert_allclose(found[row, t], h, atol=1e-6)


def test_step_by_step_is_the_same():
    given = inputs()
    layer, state = built(given), np.zeros((B, UNITS), np.float32)
    for t in range(T):
        state = layer.step(given["inputs"][:, t], state, given["mask"][:, t])
        assert_allclose(state, layer(**given)[:, t], atol=1e-6)


def test_nothing_to_read_is_zero_with_finite_gradients():
    given = inputs()
    layer, nothing = built(given), np.zeros((B, T), bool)
    assert_array_equal(layer(given["inputs"], nothing), 0)
    assert_array_equal(gradients(lambda x: layer(x, nothing), given["inputs"])[0], 0)


def test_batch_of_one():
    given = inputs(1)
    assert built(given)(**given).shape == (1, T, UNITS)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`units` should be at least 1. Received: 0"):
        SequenceGRU(0)
