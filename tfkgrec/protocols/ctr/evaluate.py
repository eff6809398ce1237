"""One scorer, model or baseline, judged: click-through metrics, and the full ranking when asked."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfkgrec.data.records import Interactions
from tfkgrec.errors import InputError
from tfkgrec.evaluation.ctr import accuracy, auc, auc_within, best_threshold, calibration_error, log_loss
from tfkgrec.evaluation.scorers import PairScore, Scorer
from tfkgrec.protocols.ctr.ranking import BATCH_USERS, evaluate_ranking
from tfkgrec.protocols.ctr.split import Splits

PARTS = ("validation", "test")
TINY, EPSILON = np.finfo(np.float64).tiny, np.finfo(np.float64).epsneg


def evaluate_scorer(
    scorer: Scorer,
    splits: Splits,
    top_k: bool = False,
    batch_users: int = BATCH_USERS,
    parts: Sequence[str] = PARTS,
    scores: dict[str, np.ndarray] | None = None,
) -> dict[str, dict[str, Any]]:
    """Judge a scorer on validation and test.

    Accuracy is at probability 0.5; a scorer without probabilities gets the threshold that is best on validation pairs.

    Args:
        top_k: also rank the whole catalogue on the test part.
        batch_users: users ranked at a time.
        scores: is filled with what test is judged by: "user", "item", "label", and "score" (log odds of
            probabilities, which in 32 bits do not tie where they are nearly 1), [n] each.

    Returns:
        part -> the metrics of `evaluate_ctr`; with `top_k`, test also has "full" -> the metrics of `evaluate_ranking`.
    """
    threshold = 0.5
    if not scorer.probability:
        pairs = splits.validation
        threshold = best_threshold(pairs.label, scorer.score(pairs.user, pairs.item))
    results: dict[str, dict[str, Any]] = {}
    for part in parts:
        found = scorer.score if part != "test" or scores is None else _kept(scorer, scores)
        results[part] = dict(evaluate_ctr(found, splits, part, threshold, scorer.probability))
        if part == "test" and scores is not None:
            scores["label"] = splits.test.label
    if top_k and "test" in results:
        results["test"]["full"] = evaluate_ranking(scorer.score_catalogue, splits, "test", batch_users)
    return results


def _kept(scorer: Scorer, scores: dict[str, np.ndarray]) -> PairScore:
    """The scorer's `score`, which leaves in `scores` what it was asked and what it said."""

    def score(user: np.ndarray, item: np.ndarray) -> np.ndarray:
        said = scorer.score(user, item)
        inside = np.clip(said, TINY, 1 - EPSILON)
        scores.update(user=user, item=item, score=np.log(inside) - np.log1p(-inside) if scorer.probability else said)
        return said

    return score


def evaluate_ctr(
    score: PairScore, splits: Splits, part: str = "test", threshold: float | None = 0.5, probability: bool = True
) -> dict[str, float]:
    """Click-through metrics of a scorer on all labelled pairs of one part.

    Args:
        score: user [n], item [n] -> float [n].
        part: "train", "validation" or "test".
        threshold: a pair scored at or above it is called positive; None: there is none, and no "acc".
        probability: whether scores are probabilities; without that there is no log loss and no calibration error.

    Returns:
        "auc", "acc", "auc_equal_popularity" (left out where no two test items of equal popularity differ in label) and
        "log_loss", "ece".

    Raises:
        InputError: the part lacks positives or negatives, or a score is not finite.
    """
    pairs: Interactions = getattr(splits, part)
    positives = int(np.sum(pairs.label > 0))
    if not 0 < positives < len(pairs):
        raise InputError(
            f"{part}: expected positives and negatives, found {positives:,} and {len(pairs) - positives:,}"
        )
    scores = score(pairs.user, pairs.item)
    metrics = {"auc": auc(pairs.label, scores)}
    if threshold is not None:
        metrics["acc"] = accuracy(pairs.label, scores, threshold)
    try:
        metrics["auc_equal_popularity"] = auc_within(pairs.label, scores, splits.popularity[pairs.item])
    except InputError:  # the scores are fine, `auc` took them: on tiny data there may be no such pair
        pass
    if probability:
        metrics["log_loss"] = log_loss(pairs.label, scores)
        metrics["ece"] = calibration_error(pairs.label, scores)
    return metrics
