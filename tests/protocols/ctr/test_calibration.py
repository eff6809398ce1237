"""Calibration against scikit-learn: Platt's line, and the curve that bends where a line does not do."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from tests.models.small import dink
from tfkgrec.data.records import Interactions
from tfkgrec.evaluation.ctr import auc
from tfkgrec.protocols.ctr.calibration import calibrate, fit_curve, fit_platt
from tfkgrec.protocols.ctr.scorer import ModelScorer


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


def apply(curve, logit) -> np.ndarray:
    bent = sum(bend * np.maximum(logit - knot, 0) for knot, bend in zip(curve.knots, curve.bends, strict=True))
    return 1 / (1 + np.exp(-(curve.scale * logit + curve.shift + bent)))


def test_a_straight_truth_gets_a_straight_curve():
    logit, label = sample(40_000, 0, 3, 0.4, -0.7)
    truth = 1 / (1 + np.exp(-(0.4 * logit - 0.7)))
    assert apply(fit_curve(logit, label), logit) == pytest.approx(truth, abs=0.05)  # a knot's 1,250 pairs: s.e. .014


def test_a_step_that_no_line_follows():
    """Below a logit of .4 one pair in four is positive, above four in five, whatever the logit."""
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 1.5, 20_000)
    label = (rng.random(20_000) < np.where(logit < 0.4, 0.25, 0.8)).astype(np.float32)
    fitted, held = slice(0, 10_000), slice(10_000, None)
    curve, (scale, shift) = fit_curve(logit[fitted], label[fitted]), fit_platt(logit[fitted], label[fitted])
    found, straight = apply(curve, logit[held]), 1 / (1 + np.exp(-(scale * logit[held] + shift)))
    near = (logit[held] > 0) & (logit[held] < 0.3)
    assert straight[near].mean() == pytest.approx(0.5, abs=0.06)
    assert found[near].mean() == pytest.approx(0.25, abs=0.06)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(logit[fitted], label[fitted]).predict(logit[held])
    best = log_loss(label[held], np.clip(isotonic, 1e-3, 1 - 1e-3))
    # beyond the outermost knots the curve goes on as Platt's line does, which this truth does not
    assert best - 0.005 < log_loss(label[held], found) < log_loss(label[held], straight) - 0.02


@pytest.mark.parametrize("scale", [1, -1])
@pytest.mark.parametrize("n", [3, 150, 250, 1_000, 30_000])
def test_the_curve_always_rises(n, scale):
    logit, label = sample(n, 0, 2, scale, 0)
    label[0], label[1] = 0, 1
    curve = fit_curve(np.round(logit, 1), label)  # many equal logits
    assert np.all(np.cumsum([curve.scale, *curve.bends]) > 0)
    for logits in (np.linspace(-9, 9, 500), curve.knots[curve.bends != 0]):
        assert np.all(np.diff(apply(curve, logits)) > 0)


@pytest.mark.parametrize("logit, label", [sample(150, 0, 1, 0.5, 0), (np.full(500, 2.0), np.arange(500) % 5 == 0)])
def test_without_groups_to_tell_apart_it_is_platts_line(logit, label):
    curve = fit_curve(logit, label)
    assert (curve.scale, curve.shift) == fit_platt(logit, label)
    assert not curve.bends.any()


def test_calibrated_model_keeps_its_order_and_loses_less():
    model, rng = dink(), np.random.default_rng(0)
    user, item = rng.integers(1, 7, 4_000).astype(np.int32), rng.integers(1, 9, 4_000).astype(np.int32)
    scorer = ModelScorer(model, jit_compile=False)
    logit = scorer.logits(user, item)
    label = (rng.random(4_000) < 1 / (1 + np.exp(-(0.3 * logit - 1)))).astype(np.float32)
    raw = scorer.score(user, item)
    curve = calibrate(model, scorer, Interactions(user, item, label))
    assert np.count_nonzero(curve.bends) > 2
    assert not model.calibration.trainable and not model.calibration_bends.trainable
    cured = scorer.score(user, item)
    assert cured == pytest.approx(apply(curve, logit), abs=1e-6)
    assert np.asarray(model.probability(logit.astype(np.float32))) == pytest.approx(cured, abs=1e-6)  # what is served
    assert auc(label, cured) == auc(label, raw)
    assert log_loss(label, cured) < log_loss(label, raw) - 0.01
