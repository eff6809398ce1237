"""Paired tests: against scipy, scikit-learn and a loop over resamples."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tfkgrec.evaluation import paired
from tfkgrec.evaluation.paired import p_of_draws, p_over_seeds, resampled_auc_gaps, resampled_mean_gaps


def test_over_seeds_it_is_the_paired_t_test():
    first, second = np.array([0.81, 0.82, 0.86, 0.80]), np.array([0.80, 0.83, 0.83, 0.79])
    assert p_over_seeds(first, second) == pytest.approx(stats.ttest_rel(first, second).pvalue)
    assert p_over_seeds(first[:1], second[:1]) is None
    assert p_over_seeds(first, first) == 1 and p_over_seeds(first + 1, first) == pytest.approx(0, abs=1e-12)


def test_p_counts_the_smaller_tail_twice():
    draws = np.concatenate([np.full(9, -1.0), np.full(990, 1.0)])
    assert p_of_draws(draws) == pytest.approx(2 * 10 / 1000)
    assert p_of_draws(-draws) == p_of_draws(draws)
    assert p_of_draws(np.zeros(50)) == 1


@pytest.mark.parametrize("levels", [3, 10_000])
def test_resampled_auc_equals_a_loop_over_resamples(levels, monkeypatch):
    """Whole users are drawn, with all their pairs as often; scores tie where there are three of them."""
    rng = np.random.default_rng(levels)
    user = rng.integers(10, 40, 300)
    label = rng.integers(0, 2, 300)
    first, second = rng.integers(0, levels, (2, 300)) + label
    monkeypatch.setattr(paired, "_CELLS_AT_ONCE", 4 * 300)  # four resamples at a time
    found = resampled_auc_gaps(user, label, first, second, np.random.default_rng(1), resamples=10)
    users, drawn = np.unique(user), np.random.default_rng(1)
    expected = []
    for some in (4, 4, 2):
        for chosen in drawn.integers(0, len(users), (some, len(users))):
            rows = np.concatenate([np.flatnonzero(user == users[one]) for one in chosen])
            expected.append(roc_auc_score(label[rows], first[rows]) - roc_auc_score(label[rows], second[rows]))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_resampled_means_spread_as_means_of_users_do():
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 2000))
    gaps = resampled_mean_gaps(first, second, rng, resamples=4000)
    assert gaps.shape == (4000,)
    assert gaps.mean() == pytest.approx(np.mean(first - second), abs=3e-4)
    assert gaps.std() == pytest.approx(np.std(first - second) / np.sqrt(2000), rel=0.05)


def test_equal_scorers_do_not_differ_and_a_worse_one_does():
    rng = np.random.default_rng(4)
    user, label = rng.integers(0, 200, 4000), rng.integers(0, 2, 4000)
    good = label + rng.normal(size=4000)
    other, worse = label + rng.normal(size=4000), 0.7 * label + rng.normal(size=4000)
    assert p_of_draws(resampled_auc_gaps(user, label, good, good, rng, 200)) == 1
    assert p_of_draws(resampled_auc_gaps(user, label, good, other, rng, 200)) > 0.05
    assert p_of_draws(resampled_auc_gaps(user, label, good, worse, rng, 200)) < 0.02
