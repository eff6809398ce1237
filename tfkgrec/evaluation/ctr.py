"""Click-through metrics over all pairs at once: AUC, AUC within equal popularity, accuracy, log loss, calibration."""

import numpy as np

from tfkgrec.errors import InputError


def auc(label: np.ndarray, score: np.ndarray) -> float:
    """Share of (positive, negative) pairs in which the positive scores higher; a tie counts one half.

    Exact over all pairs, O(n log n), never averaged over batches.

    Args:
        label: [n], positive where > 0.
        score: [n], any finite numbers: only their order matters.

    Raises:
        InputError: no positive, no negative, or a score that is not finite.
    """
    return auc_within(label, score, np.zeros(len(label), np.int64))


def auc_within(label: np.ndarray, score: np.ndarray, stratum: np.ndarray) -> float:
    """AUC over the (positive, negative) pairs whose two members share a stratum, pooled over the strata.

    With the item's training count as stratum this is the AUC within popularity (docs/protocols.md): 0.5 for a
    scorer that knows popularity only. Strata weigh by their number of pairs.

    Args:
        label: [n], positive where > 0.
        score: [n], finite.
        stratum: [n], integers.

    Raises:
        InputError: no stratum holds both a positive and a negative, or a score is not finite.
    """
    label, score = _checked(label, score)
    order = np.lexsort((score, stratum))
    positive, score, stratum = label[order], score[order], np.asarray(stratum)[order]
    new_stratum = _differs(stratum)  # [n]
    new_tie = new_stratum | _differs(score)  # a tie group: one stratum, one score
    tie = np.cumsum(new_tie) - 1  # [n]
    stratum_of_tie = (np.cumsum(new_stratum) - 1)[new_tie]  # [ties]

    positives = np.bincount(tie[positive], minlength=tie[-1] + 1)  # [ties]
    negatives = np.bincount(tie[~positive], minlength=tie[-1] + 1)  # [ties]
    negatives_in_stratum = np.bincount(stratum_of_tie, negatives)  # [strata]
    before_stratum = np.cumsum(negatives_in_stratum) - negatives_in_stratum  # [strata]
    below = np.cumsum(negatives) - negatives - before_stratum[stratum_of_tie]  # [ties], lower-scored negatives
    pairs = np.sum(positives * negatives_in_stratum[stratum_of_tie])
    if pairs == 0:
        raise InputError(
            "AUC: expected at least one positive and one negative to compare. "
            f"Found {positives.sum():,} positives and {negatives.sum():,} negatives in {len(before_stratum):,} strata"
        )
    return float(np.sum(positives * (below + negatives / 2)) / pairs)


def accuracy(label: np.ndarray, score: np.ndarray, threshold: float = 0.5) -> float:
    """Share of pairs [n] on the right side of the threshold; a score equal to it counts as "positive"."""
    label, score = _checked(label, score)
    return float(np.mean((score >= threshold) == label))


def best_threshold(label: np.ndarray, score: np.ndarray) -> float:
    """The threshold that makes `accuracy` highest on these pairs [n]: one of the scores, or inf ("all negative").

    Among equally good ones the highest. For scorers that give no probability (popularity, item-kNN); choose it on
    validation pairs, use it on test pairs.
    """
    label, score = _checked(label, score)
    value, tie = np.unique(-score, return_inverse=True)  # ascending in -score: the highest score comes first
    gain = np.cumsum(np.bincount(tie, np.where(label, 1, -1)))  # right minus wrong among those called positive
    best = int(np.argmax(gain))
    return float(-value[best]) if gain[best] > 0 else float("inf")


def log_loss(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean binary cross-entropy in nats over all pairs [n]; probabilities are clipped to [1e-7, 1 - 1e-7].

    Raises:
        InputError: a probability outside 0..1.
    """
    label, probability = _probabilities(label, probability, "log loss")
    clipped = np.clip(probability, 1e-7, 1 - 1e-7)
    return float(-np.mean(np.log(np.where(label, clipped, 1 - clipped))))


def calibration_error(label: np.ndarray, probability: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error (ECE): how far probabilities are from what comes true, weighted by how often said.

        ECE = sum over bins b of |b| / n * | mean label of b - mean probability of b |

    Bins are of equal width, as [0, 1/15), ..., the last with its upper end. For a click the probability is that of the
    positive class, not of the more likely one.

    Raises:
        InputError: a probability outside 0..1.

    Reference:
        Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015;
        fifteen bins: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.
    """
    label, probability = _probabilities(label, probability, "calibration error")
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    surplus = np.bincount(place, label - probability, minlength=bins)  # |b| (mean label - mean probability)
    return float(np.sum(np.abs(surplus)) / len(label))


def _probabilities(label: np.ndarray, probability: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    """`_checked`, and every probability in 0..1."""
    label, probability = _checked(label, probability)
    if probability.min() < 0 or probability.max() > 1:
        raise InputError(f"{what}: probabilities should be in 0..1. Received: {probability.min()}..{probability.max()}")
    return label, probability


def _differs(values: np.ndarray) -> np.ndarray:
    """Where a sorted vector [n] differs from its predecessor: bool [n], True at the start."""
    return np.concatenate([[True], values[1:] != values[:-1]])


def _checked(label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels as bool [n], scores as float64 [n], or an error that says what is wrong with them."""
    label, score = np.asarray(label) > 0, np.asarray(score, np.float64)
    if label.ndim != 1 or label.shape != score.shape:
        raise InputError(
            f"labels and scores should be two vectors of one length. Received: {label.shape}, {score.shape}"
        )
    if not len(label):
        raise InputError("expected at least one labelled pair to evaluate, found none")
    if not np.all(np.isfinite(score)):
        raise InputError(
            f"scores should be finite. Received {np.sum(~np.isfinite(score)):,} NaN or infinite of {len(score):,}"
        )
    return label, score
