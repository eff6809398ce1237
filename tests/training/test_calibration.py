"""Platt scaling against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from tests.models.small import dink
from tfkgrec.data.records import Interactions
from tfkgrec.evaluation.ctr import auc
from tfkgrec.evaluation.model_scorer import ModelScorer
from tfkgrec.training.calibration import calibrate, fit_platt


def sample(n: int, mean: float, spread: float, scale: float, shift: float, seed: int = 0):
    """Logits, and labels that are positive with probability sigmoid(scale * logit + shift)."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(mean, spread, n)
    return logit, (rng.random(n) < 1 / (1 + np.exp(-(scale * logit + shift)))).astype(np.float32)


@pytest.mark.parametrize(
    "mean, spread, scale, shift",
    [
        (0, 1, 1, 0),
        (0, 1, 0.2, 0.5),
        (0, 8, 0.3, -1),  # far too sure of itself
        (6, 1, 1.5, -9),  # off centre
        (-40, 5, 0.1, 4),
        (0, 1e-3, 800, 0),  # hardly any spread
        (0, 1, 1, -4),  # few positives
        (0, 50, 2, 3),  # nearly separable
    ],
)
def test_equals_logistic_regression(mean, spread, scale, shift):
    logit, label = sample(4_000, mean, spread, scale, shift)
    unit = logit.std()  # sklearn's solver wants features of size one
    expected = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(
        ((logit - logit.mean()) / unit)[:, None], label
    )
    slope = expected.coef_[0, 0] / unit
    found = fit_platt(logit, label)
    assert found == pytest.approx((slope, expected.intercept_[0] - slope * logit.mean()), rel=1e-4, abs=1e-4)


def loss(logit, label, scale, shift) -> float:
    return log_loss(label, 1 / (1 + np.exp(-np.clip(scale * logit + shift, -30, 30))))


def test_finds_what_the_labels_were_made_with():
    assert fit_platt(*sample(200_000, 0, 3, 0.4, -0.7)) == pytest.approx((0.4, -0.7), abs=0.03)


@pytest.mark.parametrize("mean", [0, 5, -20])
def test_a_score_that_ranks_backwards_becomes_the_share_of_positives(mean):
    """The scale may not turn the order round; the best that is left says the same of every pair."""
    logit, label = sample(2_000, mean, 1, -1, mean + 1)
    scale, shift = fit_platt(logit, label)
    assert 0 < scale < 1e-3
    probability = 1 / (1 + np.exp(-(scale * logit + shift)))
    assert probability == pytest.approx(np.full(2_000, label.mean()), abs=1e-3)


@pytest.mark.parametrize("logit", [np.zeros(10), np.full(10, 7.0)])
def test_a_constant_score_becomes_the_share_of_positives(logit):
    scale, shift = fit_platt(logit, np.array([1.0] * 7 + [0] * 3))
    assert scale > 0
    assert 1 / (1 + np.exp(-(scale * logit + shift))) == pytest.approx(np.full(10, 0.7), abs=1e-4)


@pytest.mark.parametrize("size", [1e-3, 1, 100])
def test_separable_scores_stay_finite_and_ordered(size):
    logit, label = size * np.array([-2.0, -1, 1, 2, 3]), np.array([0.0, 0, 1, 1, 1])
    scale, shift = fit_platt(logit, label)
    assert np.isfinite([scale, shift]).all()
    assert scale > 0
    assert loss(logit, label, scale, shift) < 0.01


def test_calibrated_model_keeps_its_order_and_loses_less():
    model, rng = dink(), np.random.default_rng(0)
    user, item = rng.integers(1, 7, 400).astype(np.int32), rng.integers(1, 9, 400).astype(np.int32)
    scorer = ModelScorer(model, jit_compile=False)
    logit = scorer.logits(user, item)
    label = (rng.random(400) < 1 / (1 + np.exp(-(0.3 * logit - 1)))).astype(np.float32)
    raw = scorer.score(user, item)
    scale, shift = calibrate(model, scorer, Interactions(user, item, label))
    assert (scale, shift) == pytest.approx(fit_platt(logit, label))
    assert model.calibration.numpy() == pytest.approx([scale, shift])
    assert not model.calibration.trainable
    cured = scorer.score(user, item)
    assert cured == pytest.approx(1 / (1 + np.exp(-(scale * logit + shift))), abs=1e-6)
    assert auc(label, cured) == auc(label, raw)
    assert log_loss(label, cured) < log_loss(label, raw) - 0.01
