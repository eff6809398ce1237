"""HKRM's alpha (eqs 1-2) against paper and pencil, and against a loop."""

import keras
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import save_and_load, softmax
from tfkgrec.layers.query_attention import QueryAttention

HISTORY = np.array([[3, 1, 0, 0], [2, 4, 1, 3], [0, 0, 0, 0]], np.int32)
MASK = np.array([[[1, 1, 0, 0], [0, 1, 0, 0]], [[1, 1, 1, 1], [1, 0, 1, 1]], [[0, 0, 0, 0]] * 2]) > 0


def layer_of(weights) -> QueryAttention:
    layer = QueryAttention(5)
    layer.build((1, 3), (1, 1, 3))
    layer.item_weight.embeddings.assign(np.asarray(weights, np.float32)[:, None])
    return layer


def test_by_hand():
    found = layer_of([9, 0, 0, 2 * np.log(3), 0])(HISTORY, MASK)
    # items 3 and 1, |q| = 2: scores ln 3 and 0, softmax = [.75, .25]; with item 1 alone, 1
    assert_allclose(found[0], [[0.75, 0.25, 0, 0], [0, 1, 0, 0]], atol=1e-6)


def test_equals_the_reference():
    weights = np.random.default_rng(0).normal(size=5)
    found = layer_of(weights)(HISTORY, MASK)
    for g, m in np.ndindex(3, 2):
        expected, seen = np.zeros(4), np.flatnonzero(MASK[g, m])
        expected[seen] = softmax(weights[HISTORY[g, seen]] / len(seen)) if len(seen) else 0
        assert_allclose(found[g, m], expected, atol=1e-6)


def test_sums_to_one_over_what_is_seen():
    found = np.asarray(layer_of(np.arange(5))(HISTORY, MASK))
    assert_array_equal(found[~MASK], 0)
    assert_allclose(found.sum(axis=-1), MASK.any(axis=-1), atol=1e-6)


def test_the_weights_start_uniform_and_padding_at_zero():
    layer = QueryAttention(2000)
    layer.build((1, 3), (1, 1, 3))
    weights = layer.item_weight.embeddings.numpy()[:, 0]
    assert weights[0] == 0
    assert 0 <= weights.min() and weights.max() <= 1 and abs(weights.mean() - 0.5) < 0.05


def test_keras_file_round_trip(tmp_path):
    inputs = keras.Input((4,), dtype="int32"), keras.Input((2, 4), dtype="bool")
    model = keras.Model(inputs, QueryAttention(5)(*inputs))
    assert_array_equal(save_and_load(model, tmp_path)([HISTORY, MASK]), model([HISTORY, MASK]))
