"""Rows of pairs in the order of time, each with what its user had taken before: histories as serving will have them."""

import numpy as np

from tfkgrec.data.grouping import GroupedPairs, group_pairs
from tfkgrec.data.history import History
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import Interactions


def rows_in_time(
    pairs: Interactions, history: History, num_item_rows: int, items_per_row: int, rng: np.random.Generator
) -> tuple[GroupedPairs, np.ndarray]:
    """Rows of `items_per_row` pairs of a user, in a random order, and how many of the user's items stand before each.

    A user's n positives, oldest first, and the negatives, shuffled, are each spread evenly over the user's time and cut
    into rows together, so that the place in time tells nothing about the label. All pairs of a row share one end of
    their history: before the row's first pair, so that no pair of it is inside.

    Args:
        pairs: labelled; its positives are the items of `history`.

    Returns:
        the rows, and int64 [rows].
    """
    liked = pairs.label > 0
    count = np.bincount(pairs.user, minlength=history.num_users)
    place = np.empty(len(pairs))
    for label in (True, False):
        mine = np.flatnonzero(liked == label)
        user = pairs.user[mine]
        if label:
            turn = _places(history, user, pairs.item[mine], num_item_rows)
        else:
            turn = _shuffled(user, rng)
        total = np.bincount(user, minlength=history.num_users)
        place[mine] = (turn + rng.random(len(mine))) / np.maximum(total[user], 1)
    order = np.lexsort((place, pairs.user))
    rows = group_pairs(pairs.take(order), items_per_row)
    owned = np.repeat(np.arange(len(count)), -(-count // items_per_row))  # whose every row is
    first = place[order][rows.source[:, 0]]
    end = np.floor(first * history.lengths[owned]).astype(np.int64)
    mixed = rng.permutation(len(owned))
    columns = (rows.user, rows.item, rows.label, rows.weight, np.where(rows.source < 0, -1, order[rows.source]))
    return GroupedPairs(*(column[mixed] for column in columns)), end[mixed]


def _places(history: History, user: np.ndarray, item: np.ndarray, num_item_rows: int) -> np.ndarray:
    """The how manieth of its user's items each item is, from 0."""
    keys = pair_keys(history.users(), history.items, num_item_rows)
    order = np.argsort(keys)
    found = order[np.searchsorted(keys[order], pair_keys(user, item, num_item_rows))]
    places: np.ndarray = found - history.offsets[user]
    return places


def _shuffled(user: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order of every user's pairs: the place of each, from 0."""
    order = np.lexsort((rng.random(len(user)), user))
    total = np.bincount(user)
    starts = np.cumsum(total) - total
    place = np.empty(len(user), np.int64)
    place[order] = np.arange(len(user)) - starts[user[order]]
    return place
