"""A sum of parts: the formula by hand, and that what the parts add is all there is."""

import numpy as np
from numpy.testing import assert_allclose

from tfkgrec.layers.part_sum import PartSum

PARTS = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32)


def test_is_a_keras_layer(tmp_path):
    layer = PartSum(2)
    layer.build((None, 2))
    assert layer(PARTS).shape == layer.compute_output_shape(PARTS.shape) == (4, 3)
    assert PartSum.from_config(layer.get_config()).num_parts == 2


def test_by_hand():
    layer = PartSum(2)
    layer.build((None, 2))
    layer.set_weights_of(np.array([1.0, -1.0]), np.array([2.0, 0.5]), np.array([3.0, 0.1]), 0.25)
    # 3 * (5 - 1) / 2 + 0.1 * (0 + 1) / 0.5 + 0.25
    assert_allclose(layer(np.array([[5.0, 0.0]], np.float32)), [6 + 0.2 + 0.25], atol=1e-6)
    assert_allclose(layer.terms(np.array([[1.0, -1.0]], np.float32)), [[0, 0]], atol=1e-6)  # as on average: nothing
    assert_allclose(np.asarray(layer.terms(PARTS)).sum(-1) + 0.25, layer(PARTS), atol=1e-5)
