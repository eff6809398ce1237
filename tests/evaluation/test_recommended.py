"""What recommends itself to whom, by hand and against a loop."""

import numpy as np
import pytest

from tfkgrec.errors import InputError
from tfkgrec.evaluation.recommended import reach, times_recommended


@pytest.mark.parametrize("seed", range(4))
def test_equals_a_loop_over_lists(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, (30, 12)).astype(np.float32)  # with many ties
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    expected = np.zeros(12, int)
    for row in scores:
        ranked = sorted(np.flatnonzero(np.isfinite(row)), key=lambda column: (-row[column], column))
        expected[ranked[:5]] += 1
    np.testing.assert_array_equal(times_recommended(scores, k=5), expected)


def test_a_list_shorter_than_k_is_recommended_whole():
    scores = np.array([[0.5, -np.inf, 0.1], [-np.inf, -np.inf, -np.inf]])
    np.testing.assert_array_equal(times_recommended(scores), [1, 0, 1])


def test_coverage_and_popularity_by_hand():
    # Four items; of six places three are the first one's: (3 * 9 + 2 * 3 + 1 * 0) / 6 = 5.5
    found = reach(np.array([3, 2, 1, 0]), np.array([9, 3, 0, 70]))
    assert found == {"coverage@10": 0.75, "popularity@10": 5.5}


def test_nothing_recommended_is_no_figure():
    with pytest.raises(InputError, match="expected at least one recommended item"):
        reach(np.zeros(3, int), np.ones(3, int))
