"""A chain of layers by hand."""

import keras
import numpy as np

from tfkgrec.layers.chain import build_chain, through


def test_two_layers_by_hand():
    layers = [keras.layers.Dense(2), keras.layers.Dense(1)]
    build_chain(layers, 3)
    layers[0].set_weights([np.array([[1.0, 0], [0, 1], [0, 2]]), np.array([0.5, 0])])
    layers[1].set_weights([np.array([[2.0], [-1]]), np.array([1.0])])
    # [1, 2, 3] -> [1.5, 8] -> 3 - 8 + 1
    assert np.asarray(through(layers, np.array([[1.0, 2, 3]]))).tolist() == [[-4.0]]


def test_no_layer_is_the_input():
    assert through([], 7) == 7
