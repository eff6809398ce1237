"""Calibration on the validation split: an increasing, bent line from logits to the logits of true probabilities.

A model that has learned its training positives by heart is too sure of itself: a straight line mends that (J. Platt,
Probabilistic outputs for support vector machines, 1999). What a line cannot mend are groups of pairs that the model
places wrongly as a whole, such as items that nobody has taken in training: there the line bends, at quantiles of the
logits, as isotonic regression says (B. Zadrozny and C. Elkan, Transforming classifier scores into accurate multiclass
probability estimates, 2002). The order of the scores stays as it is.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from tfkgrec.data.records import Interactions
from tfkgrec.models.recommender import KNOTS, Recommender
from tfkgrec.protocols.ctr.logistic import logistic_weights
from tfkgrec.protocols.ctr.scorer import ModelScorer

SMALLEST_SCALE = 1e-6
PAIRS_A_KNOT = 100
FLATTEST = 0.01
"""Slope of a stretch where nothing is to be told apart, as a part of the straight line's: it keeps the order."""


class Curve(NamedTuple):
    """logit -> scale * logit + shift + sum_k bend_k max(logit - knot_k, 0); knots and bends [KNOTS]."""

    scale: float
    shift: float
    knots: np.ndarray
    bends: np.ndarray


def calibrate(model: Recommender, scorer: ModelScorer, pairs: Interactions) -> Curve:
    """Fit the curve on `pairs` and store it in the model."""
    curve = fit_curve(scorer.logits(pairs.user, pairs.item), pairs.label)
    model.calibration.assign(np.array([curve.scale, curve.shift], np.float32))
    model.calibration_bends.assign(np.stack([curve.knots, curve.bends]).astype(np.float32))
    return curve


def fit_curve(logit: np.ndarray, label: np.ndarray) -> Curve:
    """An increasing curve for label [n] given logit [n]; Platt's line where pairs are few.

    Between the knots, each the mean of a group of neighbouring logits, it is straight; beyond them Platt's line goes on
    with its slope.
    """
    logit = np.asarray(logit, np.float64)
    scale, shift = fit_platt(logit, label)
    knots, bends = np.zeros(KNOTS), np.zeros(KNOTS)
    x, y = _groups(logit, label)
    if len(x) < 2:
        return Curve(scale, shift, knots, bends)
    slopes = np.maximum(np.diff(y) / np.diff(x), FLATTEST * scale)
    knots[: len(x)] = x
    bends[: len(x)] = np.diff([scale, *slopes, scale])
    return Curve(scale, float(y[0] - scale * x[0]), knots, bends)


def _groups(logit: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean logit [m] and log odds of the labels [m] of groups of neighbouring logits, both increasing; m <= KNOTS."""
    most = min(KNOTS, len(logit) // PAIRS_A_KNOT)
    edges = np.unique(np.quantile(logit, np.arange(1, most) / most)) if most > 1 else np.empty(0)
    group = np.searchsorted(edges, logit, side="right")  # equal logits stay together
    count = np.bincount(group)
    there = count > 0
    count, mean, share = (np.bincount(group, weights)[there] for weights in (np.ones_like(logit), logit, label))
    found = isotonic_regression(share / count, weights=count)
    first = found.blocks[:-1]
    count, mean, share = (np.add.reduceat(values, first) for values in (count, mean, share))
    chance = (share + 1) / (count + 2)  # Laplace's: never 0 or 1
    return mean / count, np.log(chance / (1 - chance))


def fit_platt(logit: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Logistic regression of label [n] on logit [n], by Newton's method.

    The scale stays positive: a score that ranks backwards becomes, as nearly as no matter, the share of positives.
    """
    features = np.stack([np.asarray(logit, np.float64), np.ones(len(logit))], axis=1)
    spread = features[:, 0].std() or 1.0
    features[:, 0] /= spread
    weights = logistic_weights(features, label)
    if weights[0] / spread >= SMALLEST_SCALE:
        return float(weights[0] / spread), float(weights[1])
    share = np.clip(np.mean(label), 1e-6, 1 - 1e-6)
    return SMALLEST_SCALE, float(np.log(share / (1 - share)) - SMALLEST_SCALE * np.mean(logit))
