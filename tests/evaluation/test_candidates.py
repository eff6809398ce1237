"""Scores of the catalogue: checked, copied, and without what users are known to have taken."""

import numpy as np
import pytest

from tfkgrec.data.history import History
from tfkgrec.errors import InputError
from tfkgrec.evaluation.candidates import catalogue_scores, leave_out


def test_known_items_are_left_out_for_each_row():
    history = History(np.array([2, 3, 1], np.int32), np.array([0, 0, 2, 3]))  # user 1: 2, 3; user 2: 1; user 0 nothing
    scores = catalogue_scores(np.arange(12).reshape(4, 3), 4, 3)
    leave_out(scores, np.array([2, 0, 1, 2]), history)
    gone = -np.inf
    assert scores.tolist() == [[gone, 1, 2], [3, 4, 5], [6, gone, gone], [gone, 10, 11]]


def test_the_scorers_own_table_stays_as_it_is():
    table = np.ones((2, 3), np.float32)
    copy = catalogue_scores(table, 2, 3)
    copy[:] = -np.inf
    assert table.tolist() == [[1, 1, 1], [1, 1, 1]] and copy.dtype == np.float32


def test_what_is_no_score_is_told():
    with pytest.raises(ValueError, match=r"\[users, num_items\] = \(2, 3\)\. Received: \(3, 2\)"):
        catalogue_scores(np.ones((3, 2)), 2, 3)
    with pytest.raises(InputError, match="scores should be finite. Received 2 NaN or infinite"):
        catalogue_scores(np.array([[1, np.nan, np.inf]]), 1, 3)
