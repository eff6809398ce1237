"""What a user took lately, by hand and against a loop."""

import numpy as np
from numpy.testing import assert_allclose

from tests.harness import softmax
from tfkgrec.layers.recent_items import RecentItems

HISTORY = np.array([[2, 1, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0]], np.int32)


def layer_of(age_logit, vectors) -> RecentItems:
    layer = RecentItems(5, 2, 4)
    layer.build((1, 3))
    layer.age_logit.assign(age_logit)
    layer.context_embedding.embeddings.assign(vectors)
    return layer


def test_by_hand():
    vectors = [[7, 7], [1, 0], [0, 1], [1, 1], [5, 6]]
    # ages of 2, 1, 3 are 2, 1, 0: weights softmax(0, ln 2, ln 3) = 1/6, 2/6, 3/6 -> [2/6 + 3/6, 1/6 + 3/6]
    found = layer_of([np.log(3), np.log(2), 0, 9], vectors)(HISTORY)
    assert_allclose(found, [[5 / 6, 4 / 6], [5, 6], [0, 0]], atol=1e-6)


def test_equals_the_reference():
    rng = np.random.default_rng(0)
    age_logit, vectors = rng.normal(size=4).astype(np.float32), rng.normal(size=(5, 2)).astype(np.float32)
    history = np.where(np.arange(4) < rng.integers(0, 5, (6, 1)), rng.integers(1, 5, (6, 4)), 0).astype(np.int32)
    found = np.asarray(layer_of(age_logit, vectors)(history))
    for row, result in zip(history, found, strict=True):
        held = [item for item in row.tolist() if item]
        weights = softmax([age_logit[len(held) - 1 - t] for t in range(len(held))]) if held else []
        assert_allclose(
            result, sum((w * vectors[i] for w, i in zip(weights, held, strict=True)), np.zeros(2)), atol=1e-6
        )


def test_config_comes_back():
    layer = RecentItems(5, 2, 4, name="recent_items")
    again = RecentItems.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert layer.compute_output_shape((3, 4)) == (3, 2)
