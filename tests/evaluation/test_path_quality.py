"""Recency, popularity and diversity of what explanations link to, by hand."""

import numpy as np
from numpy.testing import assert_allclose

from tfkgrec.evaluation.path_quality import diversity, standing, standing_by_kind


def test_standing_is_a_moving_average_of_the_values_in_order():
    # 1, then (2 + 1/2) / (3/2), then (4 + 2/2 + 1/4) / (7/4): 1, 5/3, 3
    assert_allclose(standing(np.array([4.0, 1.0, 2.0])), [1.0, 0.0, 1 / 3])


def test_equal_values_stand_in_their_order():
    # 0, then 1 / (3/2), then (2 + 1/2) / (7/4): 0, 2/3, 10/7
    assert_allclose(standing(np.array([7.0, 7.0, 7.0])), [0.0, 7 / 15, 1.0])
    assert_allclose(standing(np.array([3.0])), [1.0])


def test_kinds_stand_for_themselves():
    kind, values = np.array([1, 2, 1, 2, 1]), np.array([2.0, 5.0, 4.0, 6.0, 1.0])
    assert_allclose(standing_by_kind(kind, values), [1 / 3, 0.0, 1.0, 1.0, 0.0])


def test_diversity_counts_what_is_distinct():
    assert diversity(np.array([3, 3, 5, 7])) == 0.75
    assert diversity(np.array([1, 1, 2, 2]), most=2) == 1.0
    assert np.isnan(diversity(np.array([], int)))
