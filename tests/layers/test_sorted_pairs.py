"""A binary search for pairs equals a set's answer."""

import numpy as np
import pytest

from tfkgrec.layers.sorted_pairs import place_of_pairs


@pytest.mark.parametrize("most", [1, 2, 3, 7, 8])
def test_fast_equals_obvious(most):
    rng = np.random.default_rng(most)
    owned = [
        [],
        *(sorted(rng.choice(12, rng.integers(0, most + 1), replace=False)) for _ in range(6)),
        [11] * (most > 0),
    ]
    owned[3] = sorted(rng.choice(12, most, replace=False))
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in owned])]).astype(np.int32)
    others = np.concatenate([np.array(items, np.int32) for items in owned])
    one, other = (ids.astype(np.int32) for ids in np.meshgrid(np.arange(len(owned)), np.arange(13), indexing="ij"))
    place, found = (np.asarray(x) for x in place_of_pairs(one, other, offsets, others, most))
    for u, i in np.ndindex(one.shape):
        assert found[u, i] == (i in owned[u])
        if found[u, i]:
            assert place[u, i] == offsets[u] + owned[u].index(i)
    assert found.any() and not found.all()
