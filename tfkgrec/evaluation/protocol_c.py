"""Protocol C for one scorer, model or floor: click-through metrics, and the full ranking when asked."""

from collections.abc import Sequence
from typing import Any

from tfkgrec.data.records import Splits
from tfkgrec.evaluation.ctr import best_threshold, evaluate_ctr
from tfkgrec.evaluation.ranking import BATCH_USERS, evaluate_ranking
from tfkgrec.evaluation.scorers import Scorer

PARTS = ("validation", "test")


def evaluate_scorer(
    scorer: Scorer,
    splits: Splits,
    top_k: bool = False,
    batch_users: int = BATCH_USERS,
    parts: Sequence[str] = PARTS,
) -> dict[str, dict[str, Any]]:
    """Judge a scorer on validation and test.

    Accuracy is at probability 0.5; a scorer without probabilities gets the threshold that is best on validation pairs.

    Args:
        top_k: also rank the whole catalogue on the test part.
        batch_users: users ranked at a time.

    Returns:
        part -> the metrics of `evaluate_ctr`; with `top_k`, test also has "full" -> the metrics of `evaluate_ranking`.
    """
    threshold = 0.5
    if not scorer.probability:
        pairs = splits.validation
        threshold = best_threshold(pairs.label, scorer.score(pairs.user, pairs.item))
    results: dict[str, dict[str, Any]] = {}
    for part in parts:
        results[part] = dict(evaluate_ctr(scorer.score, splits, part, threshold, scorer.probability))
    if top_k and "test" in results:
        results["test"]["full"] = evaluate_ranking(scorer.score_catalogue, splits, "test", batch_users)
    return results
