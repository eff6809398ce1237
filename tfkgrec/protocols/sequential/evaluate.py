"""One scorer, model or baseline, judged: what comes next, among 100 negatives and among all items."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfkgrec.evaluation.candidates import catalogue_scores, leave_out
from tfkgrec.evaluation.metric import registered_metrics
from tfkgrec.evaluation.ranking_metrics import list_metrics
from tfkgrec.evaluation.ranks import rank_positives
from tfkgrec.evaluation.recommended import reach, times_recommended
from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.protocols.ctr.ranking import BATCH_USERS
from tfkgrec.protocols.sequential.split import PARTS, SequenceSplits

CUTOFFS = (10, 20)
METRICS = ("map", "mrr", "hit@10", "ndcg@10")
OF_ALL_ITEMS = ("recall@20",)  # beside them, where the catalogue is ranked
CANDIDATES = ("sampled", "full")


def evaluate_next(
    score: PartScore,
    splits: SequenceSplits,
    part: str,
    batch_users: int = BATCH_USERS,
    candidates: Sequence[str] = CANDIDATES,
    scores: dict[str, np.ndarray] | None = None,
) -> dict[str, dict[str, float]]:
    """Rank what comes next for every user of a part, and average over these users.

    "sampled": the next item, or all items of the next session in one list, among the user's 100 fixed negatives.
    "full": among all items that the user has not taken before. Ties count by expectation (`ranking_metrics`).

    Args:
        scores: is filled with what is averaged: "user" [n], and of every figure its values [n], as "full.map".

    Returns:
        candidate set -> map, mrr, hit@10, ndcg@10, registered metrics, and "users", how many were averaged over; of
        "full" also recall@20 and the figures of `reach`.

    Raises:
        InputError: a score is not finite.
    """
    targets = getattr(splits, part)
    known = splits.known(part)
    batches: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in candidates}
    times = np.zeros(splits.num_item_rows - 1, np.int64)
    for first in range(0, len(targets.user), batch_users):
        user = targets.user[first : first + batch_users]
        table = catalogue_scores(score(user, part), len(user), splits.num_item_rows - 1)
        offsets = targets.offsets[first : first + len(user) + 1]
        item = targets.item[offsets[0] : offsets[-1]]
        row = np.repeat(np.arange(len(user)), np.diff(offsets))
        if "sampled" in candidates:
            batches["sampled"].append(_sampled(table, targets.negatives[first : first + len(user)], row, item))
        if "full" in candidates:
            leave_out(table, user, known)
            batches["full"].append(_figures(table, row, item - 1))
            times += times_recommended(table)
    values = {f"{name}.{metric}": _joined(batches[name], metric) for name in candidates for metric in _names(name)}
    if scores is not None:
        scores.update({"user": targets.user, **values})
    found = {name: {metric: float(np.mean(values[f"{name}.{metric}"])) for metric in _names(name)} for name in batches}
    if "full" in found:
        found["full"].update(reach(times, splits.popularity[1:]))
    return {name: {**figures, "users": float(len(targets.user))} for name, figures in found.items()}


def evaluate_scorer(
    score: PartScore,
    splits: SequenceSplits,
    batch_users: int = BATCH_USERS,
    parts: Sequence[str] = PARTS,
    scores: dict[str, np.ndarray] | None = None,
) -> dict[str, dict[str, Any]]:
    """part -> what `evaluate_next` gives; `scores` is filled for the test part."""
    return {
        part: evaluate_next(score, splits, part, batch_users, scores=scores if part == "test" else None)
        for part in parts
    }


def _names(candidates: str) -> tuple[str, ...]:
    """The metrics of a set of candidates."""
    more = OF_ALL_ITEMS if candidates == "full" else ()
    return (*METRICS, *more, *(metric.key for metric in registered_metrics()))


def _joined(batches: list[dict[str, np.ndarray]], metric: str) -> np.ndarray:
    return np.concatenate([batch[metric] for batch in batches])


def _sampled(scores: np.ndarray, negatives: np.ndarray, row: np.ndarray, item: np.ndarray) -> dict[str, np.ndarray]:
    """The positives of every row among its negatives [G, 100]; a list is as long as its longest needs."""
    place = np.arange(len(row)) - np.searchsorted(row, row)  # 0, 1, .. within each row
    width = int(place.max()) + 1
    lists = np.full((len(scores), width + negatives.shape[1]), -np.inf, np.float32)
    lists[row, place] = scores[row, item - 1]
    drawn = np.take_along_axis(scores, np.maximum(negatives - 1, 0), axis=1)
    lists[:, width:] = np.where(negatives > 0, drawn, -np.inf)
    return _figures(lists, row, place)


def _figures(scores: np.ndarray, row: np.ndarray, column: np.ndarray) -> dict[str, np.ndarray]:
    return list_metrics(rank_positives(scores, row, column), CUTOFFS)
