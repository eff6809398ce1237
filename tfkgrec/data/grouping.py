"""Labelled pairs laid out as rows of one user with many items: user-side work is then done once per row."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.records import Interactions


@dataclass(frozen=True)
class GroupedPairs:
    """Labelled pairs laid out by user.

    Attributes:
        user: int32 [rows]; a user with many pairs fills several rows.
        item: int32 [rows, M]; 0 pads.
        label, weight: float32 [rows, M]; weight 0 pads; it is the pair's, or 1 where pairs have none.
        source: int64 [rows, M]; index of the pair in the `Interactions` it came from, -1 pads.
    """

    user: np.ndarray
    item: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    source: np.ndarray


def group_pairs(pairs: Interactions, items_per_row: int, rng: np.random.Generator | None = None) -> GroupedPairs:
    """Lay pairs out as rows of one user and `items_per_row` items; `rng` shuffles each user's pairs and the rows."""
    n = len(pairs)
    shuffle = np.arange(n) if rng is None else rng.permutation(n)
    order = shuffle[np.argsort(_small(pairs.user)[shuffle], kind="stable")]
    user = pairs.user[order]
    starts = np.cumsum(np.bincount(user)) - np.bincount(user) if n else user
    place = np.arange(n) - starts[user]  # 0, 1, 2, ... within each user
    column = place % items_per_row
    row = np.cumsum(column == 0) - 1
    rows = int(row[-1]) + 1 if n else 0
    if rng is not None:
        row = rng.permutation(rows)[row]
    row_user = np.zeros(rows, np.int32)
    row_user[row] = user
    source = np.full((rows, items_per_row), -1, np.int64)
    source[row, column] = order
    real = source >= 0
    return GroupedPairs(
        row_user,
        np.where(real, pairs.item[source], 0).astype(np.int32),
        np.where(real, pairs.label[source], 0).astype(np.float32),
        np.where(real, 1 if pairs.weight is None else pairs.weight[source], 0).astype(np.float32),
        source,
    )


def _small(ids: np.ndarray) -> np.ndarray:
    """In 16 bits where they fit, which NumPy sorts in linear time."""
    return ids.astype(np.uint16) if ids.max(initial=0) < 1 << 16 else ids
