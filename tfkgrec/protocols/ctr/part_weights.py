"""What the parts of a sum weigh: logistic regression on validation pairs, which no part has learned."""

from typing import NamedTuple

import numpy as np

from tfkgrec.data.records import Interactions
from tfkgrec.models.sum_of_parts import SumOfParts
from tfkgrec.protocols.ctr.logistic import logistic_weights
from tfkgrec.protocols.ctr.scorer import ModelScorer

RIDGE = 1.0
"""On the squares of the weights of standardised parts: it decides between parts that say the same."""
SMALLEST_DEVIATION = 1e-6
"""A part that is the same for all pairs is left as it is, not blown up."""


class PartWeights(NamedTuple):
    """Of parts x [P]: sum_k weight_k (x_k - mean_k) / deviation_k + bias."""

    mean: np.ndarray
    deviation: np.ndarray
    weight: np.ndarray
    bias: float


def fit_part_weights(model: SumOfParts, pairs: Interactions, jit_compile: bool) -> PartWeights:
    """Fit them on `pairs` and store them in the model."""
    parts = ModelScorer(model, jit_compile, of_pairs=model.parts).logits(pairs.user, pairs.item)
    found = weights_of(parts, pairs.label)
    model.part_sum.set_weights_of(*found)
    return found


def weights_of(parts: np.ndarray, label: np.ndarray) -> PartWeights:
    """Logistic regression of label [n] on parts [n, P], standardised; the bias is not shrunk."""
    mean, deviation = parts.mean(axis=0), parts.std(axis=0)
    same = deviation < SMALLEST_DEVIATION
    deviation = np.where(same, 1.0, deviation)
    features = np.concatenate([(parts - mean) / deviation, np.ones((len(parts), 1))], axis=1)
    features[:, :-1][:, same] = 0
    ridge = np.append(np.full(parts.shape[1], RIDGE), 0.0)
    weights = logistic_weights(features, label, ridge)
    return PartWeights(mean, deviation, weights[:-1], float(weights[-1]))
