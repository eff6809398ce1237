"""One scorer, model or baseline, judged: the whole catalogue ranked for every user, by Precision@N and MRR."""

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.evaluation.candidates import catalogue_scores, leave_out
from tfkgrec.evaluation.metric import registered_metrics
from tfkgrec.evaluation.ranking_metrics import list_metrics
from tfkgrec.evaluation.ranks import rank_positives
from tfkgrec.evaluation.recommended import reach, times_recommended
from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.protocols.ctr.ranking import BATCH_USERS
from tfkgrec.protocols.top_n.split import PARTS, TimeSplits

CUTOFFS = (1, 5, 10, 20)
METRICS = (*(f"precision@{k}" for k in (1, 5, 10)), "mrr")
MORE = ("ndcg@10", "recall@20")

Figures = dict[str, dict[str, float]]


def evaluate_top_n(
    score: PartScore,
    splits: TimeSplits,
    part: str = "test",
    batch_users: int = BATCH_USERS,
    scores: dict[str, np.ndarray] | None = None,
) -> Figures:
    """Rank all items that a user is not known to have rated, for every user with a rating in `part`.

    Args:
        scores: is filled with what is averaged: "user" [n], and of every figure its values [n], as "full.mrr".

    Returns:
        "full" -> precision@1, @5, @10, mrr (of the first hit), ndcg@10, recall@20 and registered metrics, each with its
        standard error over the users as `.._se`, the figures of `reach`, and "users"; in the test part also "full_cold"
        for users with fewer than 5 test ratings, and "full_thinned" for thinned users, where there are any. Ties count
        by expectation (`ranking_metrics`).

    Raises:
        InputError: nobody to rank for, or a score is not finite.
    """
    pairs = getattr(splits, part)  # user by user
    if not len(pairs):
        raise InputError(f"{part}: expected at least one rating to rank, found none")
    users, begin = np.unique(pairs.user, return_index=True)
    begin = np.append(begin, len(pairs))
    known = splits.known(part)
    batches, times = [], np.zeros(splits.num_item_rows - 1, np.int64)
    for first in range(0, len(users), batch_users):
        user = users[first : first + batch_users]
        own = slice(begin[first], begin[first + len(user)])
        table = catalogue_scores(score(user, part), len(user), splits.num_item_rows - 1)
        leave_out(table, user, known)
        times += times_recommended(table)
        ranks = rank_positives(table, np.searchsorted(user, pairs.user[own]), pairs.item[own] - 1)
        batches.append(list_metrics(ranks, CUTOFFS))
    names = (*METRICS, *MORE, *(metric.key for metric in registered_metrics()))
    values = {name: np.concatenate([batch[name] for batch in batches]) for name in names}
    if scores is not None:
        scores.update({"user": users, **{f"full.{name}": value for name, value in values.items()}})
    groups = {"full": np.ones(len(users), bool)}
    if part == "test":
        groups |= {"full_cold": splits.cold[users], "full_thinned": splits.thinned[users]}
    found = {name: _average(values, chosen) for name, chosen in groups.items() if chosen.any()}
    found["full"] |= reach(times, splits.train_history.counts(splits.num_item_rows)[1:])
    return found


def evaluate_parts(
    score: PartScore,
    splits: TimeSplits,
    batch_users: int = BATCH_USERS,
    scores: dict[str, np.ndarray] | None = None,
) -> dict[str, Figures]:
    """part -> what `evaluate_top_n` gives; `scores` is filled for the test part."""
    return {
        part: evaluate_top_n(score, splits, part, batch_users, scores if part == "test" else None) for part in PARTS
    }


def _average(values: dict[str, np.ndarray], chosen: np.ndarray) -> dict[str, float]:
    found, n = {}, int(chosen.sum())
    for name, value in values.items():
        found[name] = float(np.mean(value[chosen]))
        if n > 1:
            found[f"{name}_se"] = float(np.std(value[chosen], ddof=1) / np.sqrt(n))
    return {**found, "users": float(n)}
