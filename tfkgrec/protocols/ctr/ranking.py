"""Full-catalogue ranking: every user with a positive in the part, every item the user has no training positive for."""

from collections.abc import Sequence

import numpy as np

from tfkgrec.data.records import Interactions
from tfkgrec.errors import InputError
from tfkgrec.evaluation.ranking_metrics import CUTOFFS, list_metrics
from tfkgrec.evaluation.ranks import rank_positives
from tfkgrec.evaluation.scorers import CatalogueScore
from tfkgrec.protocols.ctr.split import Splits

BATCH_USERS = 256


def evaluate_ranking(
    score_catalogue: CatalogueScore,
    splits: Splits,
    part: str = "test",
    batch_users: int = BATCH_USERS,
    cutoffs: Sequence[int] = CUTOFFS,
) -> dict[str, float]:
    """Rank the catalogue for all users with a positive in `part` and average the metrics over these users.

    Candidates are all items but the user's training positives; the positives of the part that is not asked for stay in,
    as the papers have it. Ties count by expectation (`ranking_metrics`). Memory: a few matrices
    [batch_users, num_items]; the batch size does not change the result.

    Args:
        score_catalogue: user [G] -> float [G, num_items]; column j is item j + 1.
        part: "validation" or "test".
        batch_users: users scored at a time.

    Returns:
        The metrics of `list_metrics`, and "users", how many were averaged over.

    Raises:
        InputError: no positive in the part, or a score is not finite.
    """
    pairs: Interactions = getattr(splits, part)
    positives = pairs.positives
    if not len(positives):
        raise InputError(f"{part}: expected at least one positive to rank, found none")
    order = np.argsort(positives.user, kind="stable")
    user, item = positives.user[order], positives.item[order]
    users, begin = np.unique(user, return_index=True)
    end = np.append(begin[1:], len(user))

    batches = []
    for first in range(0, len(users), batch_users):
        batch = users[first : first + batch_users]
        own = slice(begin[first], end[first + len(batch) - 1])
        scores = _candidate_scores(score_catalogue, batch, splits)
        ranks = rank_positives(scores, np.searchsorted(batch, user[own]), item[own] - 1)
        batches.append(list_metrics(ranks, cutoffs))
    metrics = {name: float(np.mean(np.concatenate([b[name] for b in batches]))) for name in batches[0]}
    return {**metrics, "users": float(len(users))}


def _candidate_scores(score_catalogue: CatalogueScore, user: np.ndarray, splits: Splits) -> np.ndarray:
    """Scores [G, num_items] with -inf at the users' training positives."""
    scores = np.array(score_catalogue(user))  # a copy: it is masked in place
    expected = (len(user), splits.num_item_rows - 1)
    if scores.shape != expected:
        raise ValueError(f"`score_catalogue` should return [users, num_items] = {expected}. Received: {scores.shape}")
    if not np.all(np.isfinite(scores)):
        raise InputError(f"ranking: scores should be finite. Received {np.sum(~np.isfinite(scores)):,} NaN or infinite")
    counts = splits.history_lengths[user]
    row = np.repeat(np.arange(len(user)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)  # 0, 1, .. within each user
    scores = scores.astype(np.result_type(scores, np.float32), copy=False)  # integers have no -inf
    scores[row, splits.history_items[splits.history_offsets[user][row] + place] - 1] = -np.inf
    return scores
