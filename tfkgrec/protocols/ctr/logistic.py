"""Logistic regression by Newton's method, for the few weights that are fitted on validation pairs."""

import numpy as np

ITERATIONS = 50
DAMPING = 1e-9
"""Of the curvature, per pair: steps stay finite where pairs are told apart wholly; it moves no optimum."""


def logistic_weights(features: np.ndarray, label: np.ndarray, ridge: np.ndarray | float = 0.0) -> np.ndarray:
    """The weights w [P] that make label [n] likeliest given features [n, P], less sum(ridge w^2) / 2.

    Args:
        features: a column of ones gives the bias.
        ridge: [P], or one for all.
    """
    count = features.shape[1]
    ridge = np.broadcast_to(np.asarray(ridge, np.float64), count)
    weights = np.zeros(count)
    for _ in range(ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (probability - label) + ridge * weights
        hessian = (features * (probability * (1 - probability))[:, None]).T @ features + np.diag(ridge)
        step = np.linalg.solve(hessian + DAMPING * len(label) * np.eye(count), gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return weights
