"""Keys of pairs."""

import numpy as np

from tfkgrec.data.pair_keys import is_among, pair_keys


def test_pair_keys_sort_by_user_then_item():
    user, item = np.array([2, 1, 1], np.int32), np.array([1, 6, 2], np.int32)
    # 7 rows: 2 * 7 + 1, 1 * 7 + 6, 1 * 7 + 2
    assert pair_keys(user, item, 7).tolist() == [15, 13, 9]
    big = pair_keys(np.array([2_000_000_000], np.int32), np.array([5], np.int32), 2_000_000)
    assert big.tolist() == [4_000_000_000_000_005]  # no overflow


def test_is_among_equals_isin():
    rng = np.random.default_rng(0)
    keys, wanted = np.unique(rng.integers(50, size=20)), rng.integers(-5, 60, 40)
    assert is_among(wanted, keys).tolist() == np.isin(wanted, keys).tolist()
    assert is_among(wanted, keys[:0]).tolist() == [False] * 40
