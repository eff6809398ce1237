"""Full-catalogue ranking: every user with a positive in the part, every item the user has no training positive for."""

from collections.abc import Sequence

import numpy as np

from tfkgrec.data.records import Interactions
from tfkgrec.errors import InputError
from tfkgrec.evaluation.candidates import catalogue_scores, leave_out
from tfkgrec.evaluation.ranking_metrics import CUTOFFS, list_metrics
from tfkgrec.evaluation.ranks import rank_positives
from tfkgrec.evaluation.recommended import reach, times_recommended
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
        The metrics of `list_metrics`, the figures of `reach`, and "users", how many were averaged over.

    Raises:
        InputError: no positive in the part, or a score is not finite.
    """
    positives: Interactions = getattr(splits, part).positives
    if not len(positives):
        raise InputError(f"{part}: expected at least one positive to rank, found none")
    positives = positives.take(np.argsort(positives.user, kind="stable"))
    users, begin = np.unique(positives.user, return_index=True)
    begin = np.append(begin, len(positives))
    batches, times = [], np.zeros(splits.num_item_rows - 1, np.int64)
    for first in range(0, len(users), batch_users):
        batch = users[first : first + batch_users]
        own = slice(begin[first], begin[first + len(batch)])
        scores = catalogue_scores(score_catalogue(batch), len(batch), splits.num_item_rows - 1)
        leave_out(scores, batch, splits.train_history)
        times += times_recommended(scores)
        ranks = rank_positives(scores, np.searchsorted(batch, positives.user[own]), positives.item[own] - 1)
        batches.append(list_metrics(ranks, cutoffs))
    metrics = {name: float(np.mean(np.concatenate([b[name] for b in batches]))) for name in batches[0]}
    return {**metrics, **reach(times, splits.popularity[1:]), "users": float(len(users))}
