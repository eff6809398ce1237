"""Drawing items that a user has not touched, for all users at once."""

import numpy as np

from tfkgrec.data.pair_keys import is_among, pair_keys

_MAX_ROUNDS = 1_000


def draw_negatives(
    counts: np.ndarray,
    forbidden: np.ndarray,
    num_items: int,
    rng: np.random.Generator,
    popularity: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `counts[u]` items for every user u, without replacement, none of them forbidden.

    Args:
        counts: how many to draw, int [users]; a user with fewer allowed items gets all of those.
        forbidden: sorted `pair_keys`.
        num_items: items are 1..num_items.
        popularity: draw in proportion to these counts [num_items + 1], where 0 counts as 1; None: uniformly.

    Returns:
        user, item: int32 [sum of counts], user by user.
    """
    rows = num_items + 1
    chance = None if popularity is None else _chance(popularity)
    taken = np.bincount(forbidden // rows, minlength=len(counts))
    counts = np.minimum(counts, num_items - taken)
    # Rejection is quick unless a user has used up most of the catalogue; those few are drawn from their complement.
    crowded = (counts + taken) * 2 > num_items
    user = np.repeat(np.arange(len(counts)), np.where(crowded, 0, counts))
    parts = [(user, _by_rejection(user, forbidden, num_items, chance, rng))]
    for u in np.flatnonzero(crowded & (counts > 0)):
        own = forbidden[np.searchsorted(forbidden, u * rows) : np.searchsorted(forbidden, (u + 1) * rows)] % rows
        allowed = np.setdiff1d(np.arange(1, rows), own)
        own_chance = None if chance is None else chance[allowed - 1] / chance[allowed - 1].sum()
        parts.append((np.full(counts[u], u), rng.choice(allowed, counts[u], replace=False, p=own_chance)))
    user, item = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(user, kind="stable")
    return user[order].astype(np.int32), item[order].astype(np.int32)


def _by_rejection(
    user: np.ndarray, forbidden: np.ndarray, num_items: int, chance: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """An item for every entry of `user`, int64 [n]; what is forbidden or drawn twice for a user is drawn again."""
    item = np.zeros(len(user), np.int64)
    open_ = np.arange(len(user))
    for _ in range(_MAX_ROUNDS):
        if not len(open_):
            break
        item[open_] = _draw(len(open_), num_items, chance, rng)
        key = pair_keys(user, item, num_items + 1)
        order = np.argsort(key, kind="stable")
        repeat = order[1:][key[order[1:]] == key[order[:-1]]]  # all but one of equal keys
        open_ = np.union1d(open_[is_among(key[open_], forbidden)], repeat)
    return item


def draw_untouched(user: np.ndarray, touched: np.ndarray, num_items: int, rng: np.random.Generator) -> np.ndarray:
    """One item for every entry of `user`, uniform over the items that this user has not touched.

    Args:
        user: int [...]; one user may stand in many places, each with a draw of its own.
        touched: sorted `pair_keys`.

    Returns:
        int32 of the shape of `user`; 0 where a user has touched everything.
    """
    rows = num_items + 1
    owner = user.reshape(-1).astype(np.int64)
    item = np.zeros(len(owner), np.int64)
    open_ = np.arange(len(owner))
    for _ in range(_MAX_ROUNDS):
        if not len(open_):
            break
        item[open_] = rng.integers(1, rows, len(open_))
        open_ = open_[is_among(pair_keys(owner[open_], item[open_], rows), touched)]
    item[open_] = 0
    return item.reshape(user.shape).astype(np.int32)


def _draw(count: int, num_items: int, chance: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    if chance is None:
        return rng.integers(1, num_items + 1, count)
    return np.minimum(np.searchsorted(np.cumsum(chance), rng.random(count), side="right"), num_items - 1) + 1


def _chance(popularity: np.ndarray) -> np.ndarray:
    """Probabilities of the items 1..num_items [num_items]."""
    weight = np.maximum(popularity[1:], 1).astype(np.float64)
    chance: np.ndarray = weight / weight.sum()
    return chance
