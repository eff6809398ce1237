"""Drawing items that a user has not touched, for all users at once."""

import numpy as np

from tfkgrec.data.keyed import mix, uniform
from tfkgrec.data.lots import Lots
from tfkgrec.data.pair_keys import is_among, pair_keys

_MAX_ROUNDS = 1_000
_ROUNDS_BY_KEYS = 16
_DRAWS_AT_ONCE = 1 << 22


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


def draw_by_keys(
    counts: np.ndarray,
    forbidden: np.ndarray,
    user_keys: np.ndarray,
    item_keys: np.ndarray,
    lots: Lots,
    weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """As `draw_negatives`, but what a user gets follows from the user's key and the lots, whoever else there is.

    The n-th draw of a user is the lot that its key and n find. One that finds nothing, or what is forbidden or drawn
    already, is void.

    Args:
        user_keys: uint64 [users] or more, mixed with seed and purpose.
        item_keys: uint64 [num_items + 1].
        lots: of the items 1..num_items, each as often as it weighs.
        weight: of the items, [num_items + 1]; None: all alike.

    Returns:
        user, item: int32, user by user, in the order drawn.
    """
    rows = len(item_keys)
    taken = np.bincount(forbidden // rows, minlength=len(counts))
    counts = np.minimum(counts, rows - 1 - taken)
    asked = np.flatnonzero(counts > 0)
    ends = np.flatnonzero(np.diff(np.cumsum(_draws_a_round(counts[asked])) // _DRAWS_AT_ONCE)) + 1
    drawn = []
    for users in np.split(asked, ends):  # to bound memory: no user's draws depend on another's
        need = np.zeros_like(counts)
        need[users] = counts[users]
        found = _by_lots(need, forbidden, user_keys, rows, lots)
        need -= np.bincount(found // rows, minlength=len(need))
        gone = np.union1d(forbidden, found) if need.any() else forbidden
        rest = [_by_clocks(u, need[u], gone, user_keys, item_keys, weight) for u in np.flatnonzero(need).tolist()]
        drawn += [found, *rest]
    user, item = np.divmod(np.concatenate(drawn), rows)
    order = np.argsort(user, kind="stable")
    return user[order].astype(np.int32), item[order].astype(np.int32)


def _by_lots(counts: np.ndarray, forbidden: np.ndarray, user_keys: np.ndarray, rows: int, lots: Lots) -> np.ndarray:
    """`counts[u]` items of every user u, or as many as some rounds give: `pair_keys`, a user's in the order drawn."""
    drawn, need = np.empty(0, np.int64), counts.copy()
    for turn in range(_ROUNDS_BY_KEYS):
        users = np.flatnonzero(need)
        if not len(users):
            break
        many = _draws_a_round(counts[users])
        user = np.repeat(users, many)
        number = np.arange(len(user)) - np.repeat(np.cumsum(many) - many, many) + turn * np.repeat(many, many)
        item = lots.drawn(mix(user_keys[user], number))
        key = pair_keys(user, item, rows)
        key = key[(item > 0) & ~is_among(key, forbidden) & ~is_among(key, np.sort(drawn))]
        key = key[np.sort(np.unique(key, return_index=True)[1])]  # the first of equal draws
        user = key // rows
        key = key[np.arange(len(user)) - np.searchsorted(user, user) < need[user]]
        need -= np.bincount(key // rows, minlength=len(need))
        drawn = np.concatenate([drawn, key])
    return drawn


def _draws_a_round(counts: np.ndarray) -> np.ndarray:
    """Of a user who wants `counts` items: of its own number alone, so that nobody else changes which draw is which."""
    many: np.ndarray = 2 * counts + 8
    return many


def _by_clocks(
    user: int,
    count: int,
    gone: np.ndarray,
    user_keys: np.ndarray,
    item_keys: np.ndarray,
    weight: np.ndarray | None,
) -> np.ndarray:
    """Items for a user who has used up most of the catalogue: every item left rings after an exponential time.

    Those that ring first are distributed as drawing on would have them.

    Args:
        gone: sorted `pair_keys`.
    """
    rows = len(item_keys)
    own = gone[slice(*np.searchsorted(gone, [user * rows, (user + 1) * rows]))] % rows
    left = np.setdiff1d(np.arange(1, rows), own)
    wait = -np.log1p(-uniform(mix(user_keys[user : user + 1], item_keys[left], "clock")))
    if weight is not None:
        wait /= weight[left]
    first: np.ndarray = pair_keys(np.full(count, user), left[np.argsort(wait, kind="stable")[:count]], rows)
    return first


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
