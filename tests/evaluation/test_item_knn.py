"""Item-kNN by hand; the protocols' tests compare it with loops."""

import numpy as np
import pytest

from tfkgrec.data.history import History
from tfkgrec.evaluation.item_knn import item_cosine, neighbour_scores, taken_matrix


def test_by_hand():
    # user 1: items 1 2; user 2: 1 2 3; user 3: 1. Items 1, 2, 3 have 3, 2, 1 users.
    taken = taken_matrix(History(np.array([1, 2, 1, 2, 3, 1], np.int32), np.array([0, 0, 2, 5, 6])), 5)
    cosine = item_cosine(taken)
    near = {(1, 2): 2 / np.sqrt(3 * 2), (1, 3): 1 / np.sqrt(3), (2, 3): 1 / np.sqrt(2)}
    expected = np.zeros((5, 5))
    for (i, j), value in near.items():
        expected[i, j] = expected[j, i] = value
    np.testing.assert_allclose(cosine.toarray(), expected)
    scores = neighbour_scores(taken[[1, 3]], cosine)
    assert scores.dtype == np.float32
    first = [near[1, 2], near[1, 2], near[1, 3] + near[2, 3], 0]
    assert scores[0].tolist() == pytest.approx(first) and scores[1].tolist() == pytest.approx(
        [0, near[1, 2], near[1, 3], 0]
    )
