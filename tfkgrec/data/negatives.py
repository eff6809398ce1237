"""Drawing items that a user has not touched, for all users at once."""

import numpy as np

_MAX_ROUNDS = 1_000


def draw_negatives(
    counts: np.ndarray, forbidden: np.ndarray, num_items: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `counts[u]` items for every user u, uniformly, without replacement, none of them forbidden.

    Args:
        counts: how many to draw, int [users]; a user with fewer allowed items gets all of those.
        forbidden: sorted int64 keys `user * (num_items + 1) + item`.
        num_items: items are 1..num_items.

    Returns:
        user, item: int32 [sum of counts], user by user.
    """
    rows = num_items + 1
    taken = np.bincount(forbidden // rows, minlength=len(counts))
    counts = np.minimum(counts, num_items - taken)
    # Rejection is quick unless a user has used up most of the catalogue; those few are drawn from their complement.
    crowded = (counts + taken) * 2 > num_items
    user = np.repeat(np.arange(len(counts)), np.where(crowded, 0, counts))
    item = np.zeros(len(user), np.int64)
    open_ = np.arange(len(user))
    for _ in range(_MAX_ROUNDS):
        if not len(open_):
            break
        item[open_] = rng.integers(1, rows, len(open_))
        key = user * rows + item
        order = np.argsort(key, kind="stable")
        repeat = order[1:][key[order[1:]] == key[order[:-1]]]  # all but one of equal keys
        open_ = np.union1d(open_[_contains(forbidden, key[open_])], repeat)
    user_parts, item_parts = [user], [item]
    for u in np.flatnonzero(crowded & (counts > 0)):
        own = forbidden[np.searchsorted(forbidden, u * rows) : np.searchsorted(forbidden, (u + 1) * rows)] % rows
        allowed = np.setdiff1d(np.arange(1, rows), own)
        user_parts.append(np.full(counts[u], u))
        item_parts.append(rng.choice(allowed, counts[u], replace=False))
    user, item = np.concatenate(user_parts), np.concatenate(item_parts)
    order = np.argsort(user, kind="stable")
    return user[order].astype(np.int32), item[order].astype(np.int32)


def _contains(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Whether each of `wanted` is among the sorted `keys`."""
    if not len(keys):
        return np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return keys[at] == wanted
