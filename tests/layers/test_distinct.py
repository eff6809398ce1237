"""Ids once each and lists end to end, against NumPy; how much any n lists can hold, against all of them."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tfkgrec.layers.distinct import distinct, fullest, most_of, spread


@pytest.mark.parametrize("seed", range(4))
def test_every_id_once_and_where_each_stands(seed):
    ids = np.random.default_rng(seed).integers(0, 9, 1 + 7 * seed).astype(np.int32)
    found = distinct(keras.ops.convert_to_tensor(ids))
    once = np.unique(ids)
    assert_array_equal(found.ids, np.pad(once, (0, len(ids) - len(once))))
    assert_array_equal(np.asarray(found.ids)[np.asarray(found.place)], ids)


@pytest.mark.parametrize("counts", [[2, 0, 3], [0, 0, 1, 0], [4], [0, 0], [1, 1, 0]])
def test_lists_lie_end_to_end(counts):
    found = spread(keras.ops.convert_to_tensor(np.array(counts, np.int32)), sum(counts) + 2)
    there = np.asarray(found.there)
    assert_array_equal(there, np.arange(sum(counts) + 2) < sum(counts))
    assert_array_equal(np.asarray(found.owner)[there], np.repeat(np.arange(len(counts)), counts))
    assert_array_equal(np.asarray(found.step)[there], [step for count in counts for step in range(count)])
    assert np.asarray(found.owner).min() >= 0 and np.asarray(found.owner).max() < len(counts)


@pytest.mark.parametrize("seed", range(5))
def test_no_n_lists_hold_more(seed):
    lengths = (np.random.default_rng(seed).pareto(1.2, 1 + 9 * seed) * 3).astype(int)
    ranked = np.sort(lengths)[::-1]
    sums = fullest(lengths.tolist())
    for n in range(1, len(lengths) + 3):
        assert ranked[:n].sum() <= most_of(sums, n) <= max(lengths.sum(), 2 * ranked[:n].sum() + 1)
