"""Which few of a user's items keep a candidate among the first k: without them it would not be shown."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfkgrec.models.contribution import contributions
from tfkgrec.models.explain_text import SHOWN
from tfkgrec.models.recommender import Recommender
from tfkgrec.types import Record

ITEMS_AT_ONCE = 16384


class Counterfactual(NamedTuple):
    """Of one pair.

    Attributes:
        rank: of the candidate among all items that the user has not taken; 1 is the first.
        items: item ids of the history without which it falls below `SHOWN`; none where it is below anyway, and where
            it stays above without any of those that speak for it.
    """

    rank: int
    items: np.ndarray


def counterfactual(
    model: Recommender, user: int, item: int, taken: np.ndarray, tables: Record | None = None
) -> Counterfactual:
    """Greedy by contribution: items go, the one that the score owes most to first, until the candidate is out.

    Then each that need not have gone comes back, those that the score owes least to first. Every step ranks the
    catalogue anew, so what is found is checked; a smaller set may exist, but no part of the found one does.

    Args:
        taken: item ids that are not recommended to the user.
    """
    users, items = np.array([user], np.int32), np.array([item], np.int32)
    history, rank_keeping = model.read_history(users), _ranks(model, users, item, taken, tables)
    if history is None:
        return Counterfactual(rank_keeping(None), np.zeros(0, np.int32))
    history = np.asarray(history)
    everything = np.ones(history.shape, bool)
    rank = rank_keeping(everything)
    if rank > SHOWN:
        return Counterfactual(rank, np.zeros(0, np.int32))
    owed = np.asarray(contributions(model, users, items, tables).contribution)[0]
    order = [slot for slot in np.argsort(-owed, kind="stable") if history[0, slot] and owed[slot] > 0]
    gone: list[int] = []
    for slot in order:
        gone.append(slot)
        if rank_keeping(_without(everything, gone)) > SHOWN:
            break
    else:
        return Counterfactual(rank, np.zeros(0, np.int32))
    for slot in gone[-2::-1]:  # the last one was needed
        fewer = [other for other in gone if other != slot]
        if rank_keeping(_without(everything, fewer)) > SHOWN:
            gone = fewer
    return Counterfactual(rank, history[0, gone])


def _without(kept: np.ndarray, slots: list[int]) -> np.ndarray:
    left = kept.copy()
    left[:, slots] = False
    return left


def _ranks(
    model: Recommender, user: np.ndarray, item: int, taken: np.ndarray, tables: Record | None
) -> Callable[[np.ndarray | None], int]:
    """The rank of the item for what is kept of the user's history, bool [1, T]; None: the history as it is."""
    history = model.read_history(user)
    others = np.setdiff1d(np.arange(1, model.num_items, dtype=np.int32), np.append(taken, item))

    def rank(kept: np.ndarray | None) -> int:
        if kept is None:
            state = model.user_state(user, tables=tables)
        else:
            state = model.state_keeping(user, history, kept, tables)
        own = np.asarray(model.score_items(state, np.array([[item]], np.int32)))[0, 0]
        parts = (others[start : start + ITEMS_AT_ONCE] for start in range(0, len(others), ITEMS_AT_ONCE))
        return 1 + sum(int(np.sum(np.asarray(model.score_items(state, part[None]))[0] > own)) for part in parts)

    return rank
