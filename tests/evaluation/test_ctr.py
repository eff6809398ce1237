"""Click-through metrics against scikit-learn, double loops and figures worked out by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from tfkgrec.errors import InputError
from tfkgrec.evaluation import ctr


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_auc_equals_sklearn_with_and_without_ties(levels):
    rng = np.random.default_rng(levels)
    label, score = rng.integers(0, 2, 400), rng.integers(0, levels, 400) / levels
    assert ctr.auc(label, score) == pytest.approx(sk.roc_auc_score(label, score), abs=1e-12)


def test_auc_by_hand():
    # positives .9 and .5, negatives .5 and .1: three pairs right, one tie of the four
    assert ctr.auc(np.array([1, 0, 1, 0]), np.array([0.9, 0.5, 0.5, 0.1])) == 3.5 / 4


def test_a_constant_scorer_is_at_chance():
    assert ctr.auc(np.array([1, 0, 0, 1, 0]), np.full(5, 0.3)) == 0.5


def test_auc_does_not_depend_on_scale_or_order():
    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 100), rng.normal(size=100)
    shuffle = rng.permutation(100)
    assert ctr.auc(label[shuffle], 1e6 * score[shuffle] - 3) == ctr.auc(label, score)


@pytest.mark.parametrize("seed", range(5))
def test_auc_within_strata_equals_a_double_loop(seed):
    rng = np.random.default_rng(seed)
    label, score, stratum = rng.integers(0, 2, 80), rng.integers(0, 6, 80), rng.integers(0, 9, 80)
    wins, pairs = 0.0, 0
    for i in range(80):
        for j in range(80):
            if label[i] == 1 and label[j] == 0 and stratum[i] == stratum[j]:
                pairs += 1
                wins += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    assert ctr.auc_within(label, score, stratum) == pytest.approx(wins / pairs, abs=1e-12)


def test_accuracy_counts_a_score_at_the_threshold_as_positive():
    label, score = np.array([1, 0, 1, 0]), np.array([0.5, 0.5, 0.2, 0.1])
    assert ctr.accuracy(label, score) == 0.5
    assert ctr.accuracy(label, score, threshold=0.2) == 0.75


@pytest.mark.parametrize("seed", range(5))
def test_best_threshold_equals_trying_them_all(seed):
    rng = np.random.default_rng(seed)
    label, score = rng.integers(0, 2, 40), rng.integers(0, 8, 40).astype(float)
    tried = {t: ctr.accuracy(label, score, t) for t in [*np.unique(score), np.inf]}
    found = ctr.best_threshold(label, score)
    assert tried[found] == max(tried.values())
    assert found == max(t for t, value in tried.items() if value == max(tried.values()))


def test_best_threshold_where_nothing_should_be_called_positive():
    assert ctr.best_threshold(np.array([0, 0, 1]), np.array([3.0, 2.0, 1.0])) == np.inf


def test_log_loss_equals_sklearn():
    rng = np.random.default_rng(0)
    label, probability = rng.integers(0, 2, 50), rng.random(50)
    assert ctr.log_loss(label, probability) == pytest.approx(sk.log_loss(label, probability), abs=1e-12)


def test_calibration_error_by_hand():
    # Two bins: .1 and .3 come true never (|0 - .4|), .5 and 1.0 once of twice (|1 - 1.5|): .9 / 4
    label, probability = np.array([0, 0, 1, 0]), np.array([0.1, 0.3, 0.5, 1.0])
    assert ctr.calibration_error(label, probability, bins=2) == pytest.approx(0.9 / 4)


def test_calibration_error_equals_a_loop_over_bins():
    rng = np.random.default_rng(3)
    probability = rng.random(500)
    label, expected = rng.random(500) < probability**2, 0.0
    for low in range(15):
        inside = (probability * 15 >= low) & (probability * 15 < low + 1)
        expected += inside.mean() * abs(label[inside].mean() - probability[inside].mean())
    assert ctr.calibration_error(label, probability) == pytest.approx(expected)
    assert expected > 0.1  # and what says p comes true with p
    assert ctr.calibration_error(rng.random(500) < probability, probability) < expected / 2


def test_log_loss_of_a_certain_mistake_is_finite():
    assert ctr.log_loss(np.array([1]), np.array([0.0])) == pytest.approx(7 * np.log(10))


@pytest.mark.parametrize("label", [[1, 1, 1], [0, 0, 0]])
def test_a_missing_class_is_an_error(label):
    with pytest.raises(InputError, match="at least one positive and one negative"):
        ctr.auc(np.array(label), np.arange(3.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_an_error(bad):
    with pytest.raises(InputError, match="1 NaN or infinite of 2"):
        ctr.auc(np.array([1, 0]), np.array([bad, 0.0]))


def test_other_bad_input():
    with pytest.raises(InputError, match="one length"):
        ctr.auc(np.array([1, 0]), np.array([0.5]))
    with pytest.raises(InputError, match="found none"):
        ctr.accuracy(np.array([]), np.array([]))
    with pytest.raises(InputError, match="in 0..1"):
        ctr.log_loss(np.array([1]), np.array([1.5]))
