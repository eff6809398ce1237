"""Ranks with ties."""

import numpy as np
import pytest

from tfkgrec.errors import InputError
from tfkgrec.evaluation import ranks
from tfkgrec.evaluation.ranks import rank_positives

SCORES = np.array([[3.0, 1.0, 2.0, 2.0, -np.inf], [5.0, 5.0, 5.0, 5.0, 5.0]])


def test_ranks_by_hand():
    # row 0: item 0 leads; 2 and 3 share places 2..3; 1 is fourth. row 1: all five share places 1..5
    found = rank_positives(SCORES, np.array([0, 0, 0, 1]), np.array([0, 3, 1, 2]))
    assert found.optimistic.tolist() == [1, 2, 4, 1]
    assert found.pessimistic.tolist() == [1, 3, 4, 5]
    assert found.realistic.tolist() == [1.0, 2.5, 4.0, 3.0]
    assert found.num_rows == 2


def test_a_little_at_a_time_gives_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 5, (6, 30)).astype(np.float32)
    row, column = rng.integers(0, 6, 50), rng.integers(0, 30, 50)
    whole = rank_positives(scores, row, column)
    monkeypatch.setattr(ranks, "CELLS_AT_ONCE", 70)
    pieces = rank_positives(scores, row, column)
    assert np.array_equal(whole.optimistic, pieces.optimistic)
    assert np.array_equal(whole.pessimistic, pieces.pessimistic)


def test_bad_input():
    with pytest.raises(InputError, match="1 positives are not among their candidates"):
        rank_positives(SCORES, np.array([0]), np.array([4]))
    with pytest.raises(InputError, match="Received 1 NaN"):
        rank_positives(np.array([[np.nan, 1.0]]), np.array([0]), np.array([1]))
