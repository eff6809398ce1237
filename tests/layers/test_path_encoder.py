"""One LSTM over all paths: by hand, and equal to Keras' LSTM run path by path."""

import keras
import numpy as np
import pytest

from tests.harness import check_layer, gradients, same_numbers, set_weights, sigmoid
from tfkgrec.layers.path_encoder import PathEncoder

G, M, S, W, D, U = 2, 3, 4, 4, 3, 2


def inputs(seed: int = 0) -> dict[str, np.ndarray]:
    """The first path has two nodes only, the last one none; padding comes first."""
    rng = np.random.default_rng(seed)
    mask = np.ones((G, M, S, W), bool)
    mask[:, :, 0, :2] = False
    mask[:, :, -1] = False
    arrays = {"user": (G, D), "middle": (G, M, S, W, D), "item": (G, M, D)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in arrays.items()} | {"mask": mask}


def test_what_every_layer_passes(tmp_path):
    check_layer(PathEncoder, {"units": U}, inputs(), (G, M, S, U), [(2, 8), (3, 8), (8,)], tmp_path)


def test_by_hand():
    """d = units = 1, all kernels 1, no recurrence, no bias: a path user -> 1 -> -1 -> 2 starting from user 0."""
    layer = PathEncoder(1)
    arguments = [np.zeros((1, 1)), np.array([[[[[1.0], [-1.0]]]]]), np.array([[[2.0]]])]
    user, middle, item = (x.astype(np.float32) for x in arguments)
    layer.build((1, 1), middle.shape)
    set_weights(layer, kernel=np.ones((1, 4)), recurrent_kernel=np.zeros((1, 4)), bias=np.zeros(4))
    c = 0.0
    for x in (0.0, 1.0, -1.0, 2.0):  # C = update * tanh(x) + forget * C, both gates sigmoid(x)
        c = sigmoid(x) * np.tanh(x) + sigmoid(x) * c
    found = layer(user, middle, item, np.ones((1, 1, 1, 2), bool))
    assert float(found[0, 0, 0, 0]) == pytest.approx(sigmoid(2.0) * np.tanh(c), abs=1e-6)


def test_equals_keras_lstm_path_by_path():
    layer, given = PathEncoder(U), inputs()
    found = np.asarray(layer(**given))
    lstm = keras.layers.LSTM(U)
    lstm.build((None, None, D))
    lstm.set_weights(layer.get_weights())
    for g, m, s in np.ndindex(G, M, S):
        nodes = [given["user"][g], *given["middle"][g, m, s][given["mask"][g, m, s]], given["item"][g, m]]
        same_numbers(found[g, m, s], lstm(np.array(nodes)[None])[0])


def test_what_is_masked_is_not_read():
    layer, given = PathEncoder(U), inputs()
    other = {**given, "middle": np.where(given["mask"][..., None], given["middle"], 99).astype(np.float32)}
    same_numbers(layer(**given), layer(**other), 0)


def test_gradients_are_finite_without_any_node():
    layer, given = PathEncoder(U), inputs()
    layer(**given)
    nothing = np.zeros_like(given["mask"])
    found = gradients(lambda u, m, i: layer(u, m, i, nothing), given["user"], given["middle"], given["item"])
    assert all(np.isfinite(g).all() for g in found)
    assert not found[1].any()


def test_units_are_checked():
    with pytest.raises(ValueError, match="units"):
        PathEncoder(0)
