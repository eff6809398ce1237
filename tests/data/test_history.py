"""Windows into histories: what is in them, in which order, how often."""

import numpy as np
import pytest
from scipy.stats import chisquare

from tests.data import small
from tfkgrec.data.history import History, sample_histories

# user 1 has 11, 12, 13 (oldest first), user 2 has 21, user 3 nothing
BY_HAND = History(np.array([11, 12, 13, 21], np.int32), np.array([0, 0, 3, 4, 4]))


def test_what_it_tells_of_users_and_items():
    assert (BY_HAND.num_users, BY_HAND.lengths.tolist()) == (4, [0, 3, 1, 0])
    assert BY_HAND.of(1).tolist() == [11, 12, 13] and BY_HAND.users().tolist() == [1, 1, 1, 2]
    assert np.flatnonzero(BY_HAND.counts(30)).tolist() == [11, 12, 13, 21]


def test_table_by_hand():
    assert BY_HAND.newest(2).tolist() == [[0, 0], [12, 13], [21, 0], [0, 0]]
    assert BY_HAND.newest(4).tolist() == [[0] * 4, [11, 12, 13, 0], [21, 0, 0, 0], [0] * 4]


def test_newest_of_every_stretch():
    items, offsets = np.array([4, 2, 9, 7, 7], np.int32), np.array([0, 0, 1, 5])
    assert History(items, offsets).newest(3).tolist() == [[0, 0, 0], [4, 0, 0], [9, 7, 7]]


@pytest.mark.parametrize("length", [1, 5, 40])
def test_table_equals_the_loop(length):
    history = small.splits().train_history
    table = history.newest(length)
    assert table.dtype == np.int32
    for user, row in enumerate(table):
        own = history.of(user)
        latest = own[max(0, len(own) - length) :].tolist()
        assert row.tolist() == latest + [0] * (length - len(latest))


@pytest.mark.parametrize("length", [1, 5, 40])
def test_samples_are_distinct_positives_of_the_user_in_order_of_time(length):
    history = small.splits().train_history
    user = np.random.default_rng(1).integers(0, len(history.lengths), 300)
    rows = sample_histories(history, user, length, np.random.default_rng(0))
    assert rows.dtype == np.int32
    for u, row in zip(user, rows, strict=True):
        own = history.of(u).tolist()
        drawn = row[row > 0].tolist()
        assert len(drawn) == len(set(drawn)) == min(length, len(own))
        assert row.tolist() == drawn + [0] * (length - len(drawn))  # padding on the right only
        assert drawn == [item for item in own if item in drawn]  # as time went


def test_every_positive_is_drawn_equally_often():
    # one user, seven positives, three at a time; each draw of a whole epoch shuffles anew
    items = np.arange(1, 8, dtype=np.int32)
    history = History(items, np.array([0, 0, 7]))
    drawn = [sample_histories(history, np.array([1, 1]), 3, np.random.default_rng(n)) for n in range(700)]
    times = np.bincount(np.concatenate(drawn).ravel(), minlength=8)
    assert times.sum() == 700 * 6
    assert chisquare(times[1:]).pvalue > 1e-3
    pairs = {tuple(row) for rows in drawn for row in rows.tolist()}
    assert len(pairs) == 35  # all subsets of three come up


def test_unknown_users_have_none():
    assert not sample_histories(BY_HAND, np.array([0, 3]), 3, np.random.default_rng(0)).any()


def test_one_seed_one_sample():
    history, user = small.splits().train_history, np.arange(30)
    first, again, other = (sample_histories(history, user, 4, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
