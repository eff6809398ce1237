"""Deletion, sufficiency and correlation, against a loop and SciPy."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr

from tfkgrec.evaluation.faithfulness import FIRST, correlation, judged, kept_of, mean_and_error, places

REAL = np.array([[True, True, True, True, False, True], [True, True, False, False, False, False]])
TRUTH = np.array([[0.5, -0.2, 0.1, 0.9, 0.0, 0.3], [-0.4, 0.2, 0.0, 0.0, 0.0, 0.0]])
WEIGHT = np.array([[0.1, 0.3, 0.3, 0.0, 0.9, 0.2], [0.7, 0.3, 0.9, 0.9, 0.9, 0.9]])


def test_places_are_by_score_and_padding_comes_last():
    assert_array_equal(places(WEIGHT, REAL), [[3, 0, 1, 4, 5, 2], [0, 1, 2, 3, 4, 5]])


def test_figures_of_a_sum_are_sums():
    """l = 2 + the values that are kept: by hand for every k."""
    kept = kept_of(places(WEIGHT, REAL))
    logits = 2 + (kept * TRUTH[:, None]).sum(axis=2)
    found = judged(WEIGHT, TRUTH, REAL, logits, np.array([2 + TRUTH.sum(axis=1), [2, 2]]).T)
    for k in FIRST:
        # in order of weight: -.2, .1, .3, .5, .9 and -.4, .2
        expected = [sum([-0.2, 0.1, 0.3, 0.5, 0.9][:k]), sum([-0.4, 0.2][:k])]
        assert_allclose(found[f"deletion_{k}"], expected, atol=1e-12)
        assert_allclose(found[f"sufficiency_{k}"], expected, atol=1e-12)
    assert_array_equal(found["top_is_top"], [0, 0])


def test_correlation_is_spearmans_over_what_is_real():
    found = correlation(WEIGHT, TRUTH, REAL)
    assert_allclose(found[0], spearmanr(WEIGHT[0, REAL[0]], TRUTH[0, REAL[0]]).statistic)
    assert np.isnan(found[1])  # two items are no order to speak of
    assert np.isnan(correlation(np.ones((1, 6)), TRUTH[:1], REAL[:1])[0])


def test_mean_and_error_leave_out_what_is_not_there():
    assert mean_and_error(np.array([1.0, np.nan, 3.0])) == {"mean": 2.0, "error": 1.0}  # deviation root 2, of two
    assert mean_and_error(np.array([np.nan, 1.0])) is None
