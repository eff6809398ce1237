"""Protocol S for one scorer, model or floor: what comes next, among 100 negatives and among all items."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from tfkgrec.data.sequences import PARTS, SequenceSplits
from tfkgrec.errors import InputError
from tfkgrec.evaluation.ranking import BATCH_USERS
from tfkgrec.evaluation.ranking_metrics import ranking_metrics
from tfkgrec.evaluation.ranks import rank_positives

NextScore = Callable[[np.ndarray, str], np.ndarray]
"""(user [G] int32, part) -> float [G, num_items]; column j is item j + 1. Reads `splits.known(part)`, nothing more."""

CUTOFF = 10
METRICS = ("map", "mrr", "hit@10", "ndcg@10")
CANDIDATES = ("sampled", "full")


def evaluate_next(
    score: NextScore,
    splits: SequenceSplits,
    part: str,
    batch_users: int = BATCH_USERS,
    candidates: Sequence[str] = CANDIDATES,
) -> dict[str, dict[str, float]]:
    """Rank what comes next for every user of a part, and average over these users.

    "sampled": the next item, or all items of the next session in one list, among the user's 100 fixed negatives.
    "full": among all items that the user has not taken before. Ties count by expectation (`ranking_metrics`).

    Returns:
        candidate set -> map, mrr, hit@10, ndcg@10 and "users", how many were averaged over.

    Raises:
        InputError: a score is not finite.
    """
    targets = getattr(splits, part)
    known, known_offsets = splits.known(part)
    batches: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in candidates}
    for first in range(0, len(targets.user), batch_users):
        user = targets.user[first : first + batch_users]
        scores = np.array(score(user, part), np.float32)  # a copy: it is masked in place
        if scores.shape != (len(user), splits.num_item_rows - 1):
            raise ValueError(f"`score` should return [users, num_items]. Received: {scores.shape}")
        if not np.all(np.isfinite(scores)):
            bad = np.sum(~np.isfinite(scores))
            raise InputError(f"ranking: scores should be finite. Received {bad:,} NaN or infinite")
        offsets = targets.offsets[first : first + len(user) + 1]
        item = targets.item[offsets[0] : offsets[-1]]
        row = np.repeat(np.arange(len(user)), np.diff(offsets))
        if "sampled" in candidates:
            batches["sampled"].append(_sampled(scores, targets.negatives[first : first + len(user)], row, item))
        if "full" in candidates:
            for place, one in enumerate(user):
                scores[place, known[known_offsets[one] : known_offsets[one + 1]] - 1] = -np.inf
            batches["full"].append(_figures(scores, row, item - 1))
    return {
        name: {
            **{metric: float(np.mean(np.concatenate([b[metric] for b in parts]))) for metric in METRICS},
            "users": float(len(targets.user)),
        }
        for name, parts in batches.items()
    }


def evaluate_scorer(
    score: NextScore, splits: SequenceSplits, batch_users: int = BATCH_USERS, parts: Sequence[str] = PARTS
) -> dict[str, dict[str, Any]]:
    """part -> what `evaluate_next` gives."""
    return {part: evaluate_next(score, splits, part, batch_users) for part in parts}


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
    return ranking_metrics(rank_positives(scores, row, column), (CUTOFF,))


# ---------------------------------------------------------------------------------------------------------------------
# floors


def popularity(splits: SequenceSplits) -> NextScore:
    """How often an item occurs in the training sequences."""
    count = splits.popularity[1:].astype(np.float32)
    return lambda user, part: np.broadcast_to(count, (len(user), len(count)))


def item_knn(splits: SequenceSplits) -> NextScore:
    """Sum over the user's known items j of the cosine of i and j over the training sequences; all neighbours count."""
    taste = _taken(splits, "validation")
    unit = taste.multiply(1 / np.sqrt(np.maximum(splits.popularity, 1))[None, :]).tocsr()  # columns of length one
    cosine = (unit.T @ unit).tocsr()  # [items + 1, items + 1]
    cosine.setdiag(0)
    known = {part: _taken(splits, part) for part in PARTS}
    return lambda user, part: (known[part][user] @ cosine)[:, 1:].toarray().astype(np.float32)


def factors(user_vectors: np.ndarray, item_vectors: np.ndarray) -> NextScore:
    """<u, i> of vectors by inner id, as BPR learns them: what does this user like at all?"""
    return lambda user, part: user_vectors[user] @ item_vectors[1:].T


FLOORS: dict[str, Callable[[SequenceSplits], NextScore]] = {"popularity": popularity, "item_knn": item_knn}


def _taken(splits: SequenceSplits, part: str) -> Any:
    items, offsets = splits.known(part)
    shape = (len(offsets) - 1, splits.num_item_rows)
    return sparse.csr_array((np.ones(len(items)), items, offsets), shape=shape)  # [users, items + 1]
