"""The items without which a candidate would not be shown, in worlds whose scores are sums, against a loop."""

import numpy as np
import pytest
import tensorflow as tf

from tfkgrec.savedmodel import needed as module
from tfkgrec.savedmodel.needed import needed

SHOWN = 5


def world(seed):
    """(what each item adds [T], the other candidates' scores)."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.3, 1, 7).astype(np.float32), rng.normal(-(seed % 3), 1, 30).astype(np.float32)


def rank_of(owed, others):
    def rank(kept):
        own = tf.reduce_sum(tf.where(kept, owed, 0.0))
        return 1 + tf.math.count_nonzero(others > own, dtype=tf.int32)

    return rank


def without(owed, others, gone):
    return 1 + int(np.sum(others > owed[[slot for slot in range(len(owed)) if slot not in gone]].sum()))


def test_without_them_it_falls_out_and_with_any_of_them_back_it_does_not():
    found, stays, below = [], 0, 0
    for seed in range(40):
        owed, others = world(seed)
        rank, gone = needed(rank_of(owed, others), tf.constant(owed), SHOWN)
        gone = np.flatnonzero(gone).tolist()
        assert rank == without(owed, others, [])
        if gone:
            found.append(len(gone))
            assert rank <= SHOWN < without(owed, others, gone)
            assert all(without(owed, others, [one for one in gone if one != back]) <= SHOWN for back in gone)
        elif rank <= SHOWN:
            stays += 1
            assert without(owed, others, np.flatnonzero(owed > 0)) <= SHOWN
        else:
            below += 1
    assert max(found) > 1 and stays and below


def test_no_more_than_so_many_go(monkeypatch):
    owed, others = np.ones(4, np.float32), np.full(9, 0.5, np.float32)
    rank, gone = needed(rank_of(owed, others), tf.constant(owed), SHOWN)
    assert (int(rank), int(np.sum(gone))) == (1, 4)
    monkeypatch.setattr(module, "MOST", 3)
    assert not np.any(needed(rank_of(owed, others), tf.constant(owed), SHOWN)[1])


@pytest.mark.parametrize("owed", [[-1.0, 0.0], [0.0]])
def test_what_speaks_for_nothing_is_not_taken(owed):
    owed = np.array(owed, np.float32)
    assert not np.any(needed(rank_of(owed, np.zeros(0, np.float32)), tf.constant(owed), SHOWN)[1])
