"""Platt scaling: probability = sigmoid(scale * logit + shift), fitted on the validation split.

A model that has learned its training positives by heart is too sure of itself; two numbers mend that without touching
the order of its scores. (J. Platt, Probabilistic outputs for support vector machines, 1999.)
"""

import numpy as np

from tfkgrec.data.records import Interactions
from tfkgrec.evaluation.model_scorer import ModelScorer
from tfkgrec.models.recommender import Recommender

ITERATIONS = 50
SMALLEST_SCALE = 1e-6


def calibrate(model: Recommender, scorer: ModelScorer, pairs: Interactions) -> tuple[float, float]:
    """Fit scale and shift on `pairs` and store them in the model; returns them."""
    scale, shift = fit_platt(scorer.logits(pairs.user, pairs.item), pairs.label)
    model.calibration.assign(np.array([scale, shift], np.float32))
    return scale, shift


def fit_platt(logit: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Logistic regression of label [n] on logit [n], by Newton's method.

    The scale stays positive: a score that ranks backwards becomes, as nearly as no matter, the share of positives.
    """
    features = np.stack([np.asarray(logit, np.float64), np.ones(len(logit))], axis=1)
    spread = features[:, 0].std() or 1.0
    features[:, 0] /= spread
    weights = np.zeros(2)
    for _ in range(ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (probability - label)
        hessian = (features * (probability * (1 - probability))[:, None]).T @ features
        step = np.linalg.solve(hessian + 1e-9 * len(label) * np.eye(2), gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    if weights[0] / spread >= SMALLEST_SCALE:
        return float(weights[0] / spread), float(weights[1])
    share = np.clip(np.mean(label), 1e-6, 1 - 1e-6)
    return SMALLEST_SCALE, float(np.log(share / (1 - share)) - SMALLEST_SCALE * np.mean(logit))
