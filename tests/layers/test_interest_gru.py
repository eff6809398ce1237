"""DINK's interest GRU (eqs 7-10) against paper and pencil, a loop, and Keras' own GRU."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import check_layer, gradients, set_weights, sigmoid
from tfkgrec.layers import interest_gru
from tfkgrec.layers.gru_cell import GRUCell
from tfkgrec.layers.interest_gru import InterestGRU

G, M, T, D, UNITS = 3, 2, 5, 4, 3


def inputs(g: int = G, m: int = M) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "history": rng.normal(size=(g, T, D)).astype(np.float32),
        "weights": rng.random((g, m, T)).astype(np.float32),
        "mask": rng.random((g, m, T)) < 0.6,
    }


def built(given: dict[str, np.ndarray]) -> InterestGRU:
    layer = InterestGRU(UNITS)
    layer(**given)
    layer.bias.assign(np.random.default_rng(3).normal(size=3 * UNITS))
    return layer


def test_as_a_keras_layer(tmp_path):
    weights = sorted([(D, 3 * UNITS), (3 * UNITS,), (UNITS, 2 * UNITS), (UNITS, UNITS)])
    check_layer(InterestGRU, {"units": UNITS}, inputs(), (G, M, UNITS), weights, tmp_path)


def test_one_step_by_hand():
    cell = GRUCell(1)
    cell.build((None, 4))
    set_weights(cell, gate_kernel=[[1, -1]], state_kernel=[[2]])
    # h = .5, x_z = 0, x_r = .5, x_h = .1
    # z = sigmoid(0 + 1 * .5) = .6225;  r = sigmoid(.5 - 1 * .5) = .5
    # h~ = tanh(.1 + 2 * (.5 * .5)) = tanh(.6) = .5370
    # h <- (1 - .6225) * .5 + .6225 * .5370 = .1888 + .3343 = .5231
    state = [np.array([[0.5]], np.float32)]
    output, (after,) = cell(np.array([[0, 0.5, 0.1, 1]], np.float32), state)
    assert_allclose(output, [[0.5231]], atol=1e-4)
    assert_allclose(after, output)
    # the same step, not valid: the state stays
    assert_allclose(cell(np.array([[0, 0.5, 0.1, 0]], np.float32), state)[0], [[0.5]])


def reference(layer: InterestGRU, history, weights, mask) -> np.ndarray:
    """Eqs 7-10 for one user and one candidate, over the visible steps only."""
    kernel, bias, gate, state = (
        w.numpy().astype(np.float64)
        for w in (layer.kernel, layer.bias, layer.cell.gate_kernel, layer.cell.state_kernel)
    )
    (w_z, w_r, w_h), (b_z, b_r, b_h) = np.split(kernel, 3, axis=1), np.split(bias, 3)
    u_z, u_r = np.split(gate, 2, axis=1)
    h = np.zeros(UNITS)
    for t in np.flatnonzero(mask):
        x = weights[t] * history[t]
        z, r = sigmoid(x @ w_z + b_z + h @ u_z), sigmoid(x @ w_r + b_r + h @ u_r)  # (7, 8)
        fresh = np.tanh(x @ w_h + b_h + (r * h) @ state)  # (9)
        h = (1 - z) * h + z * fresh  # (10)
    return h


def test_equals_the_reference():
    given = inputs()
    given["mask"][1, 0] = False
    layer = built(given)
    found = layer(**given)
    for g, m in np.ndindex(G, M):
        expected = reference(layer, given["history"][g], given["weights"][g, m], given["mask"][g, m])
        assert_allclose(found[g, m], expected, atol=1e-6)
    assert_array_equal(found[1, 0], 0)


@pytest.mark.parametrize("at_once", [2, 2048])  # items in parts, the last one short; all at once
def test_one_user_equals_many(at_once, monkeypatch):
    monkeypatch.setattr(interest_gru, "ITEMS_AT_ONCE", at_once)
    given = inputs(m=5)
    layer = built(given)
    together = layer(**given)
    for g in range(G):
        alone = layer(**{name: values[g : g + 1] for name, values in given.items()})
        assert_allclose(alone[0], together[g], atol=1e-6)


def test_equals_the_gru_of_keras_where_everything_is_visible():
    given = inputs(m=1)
    given["weights"][:], given["mask"][:] = 1, True
    layer = built(given)
    stock = keras.layers.GRU(UNITS, reset_after=False)
    stock.build((None, T, D))
    # Keras' z is the share of the old state, ours (as the paper's) of the new one: 1 - sigmoid(a) = sigmoid(-a).
    sign = np.repeat([-1.0, 1, 1], UNITS)
    recurrent = np.concatenate([layer.cell.gate_kernel.numpy(), layer.cell.state_kernel.numpy()], axis=1)
    stock.set_weights([layer.kernel.numpy() * sign, recurrent * sign, layer.bias.numpy() * sign])
    assert_allclose(layer(**given)[:, 0], stock(given["history"]), atol=1e-6)


def test_order_of_steps_matters_but_masked_ones_do_not():
    given = inputs()
    given["mask"][:] = [True, True, False, True, False]
    layer = built(given)
    found = layer(**given)
    given["history"][:, [2, 4]] = 1e3
    assert_allclose(layer(**given), found, atol=1e-6)
    given["history"][:, [0, 1]] = given["history"][:, [1, 0]]
    assert np.abs(np.asarray(layer(**given)) - found).max() > 1e-3


def test_nothing_to_see_is_finite_forth_and_back():
    given = inputs()
    layer = built(given)
    nothing = np.zeros_like(given["mask"])
    assert_array_equal(layer(given["history"], given["weights"], nothing), 0)
    for gradient in gradients(lambda h, w: layer(h, w, nothing), given["history"], given["weights"]):
        assert_array_equal(gradient, 0)


def test_batch_of_one():
    given = inputs(1, 1)
    assert built(given)(**given).shape == (1, 1, UNITS)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`units` should be at least 1. Received: -2"):
        InterestGRU(-2)
