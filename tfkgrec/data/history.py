"""Windows into the users' training positives: the histories that models read."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np


def history_table(splits: "History", length: int) -> np.ndarray:
    """The newest `length` training positives of every user, oldest to newest, 0-padded on the right.

    Returns:
        int32 [users, length]; row 0 (the unknown user) is empty.
    """
    return newest(splits.history_items, splits.history_offsets, length)


def newest(items: np.ndarray, offsets: np.ndarray, length: int) -> np.ndarray:
    """The last `length` of every stretch `items[offsets[u]:offsets[u + 1]]`, in their order: int32 [users, length]."""
    count = np.minimum(np.diff(offsets), length)
    return window(items, offsets[1:] - count, count, length)


def sample_histories(splits: "History", user: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """For every row a random subset of `length` of its user's training positives, oldest to newest.

    Each user's positives are shuffled once, and each row takes a cyclic window at a random place: distinct items
    without a loop.

    Args:
        user: int [rows].

    Returns:
        int32 [rows, length], 0-padded on the right.
    """
    counts = splits.history_lengths
    owner = np.repeat(np.arange(len(counts)), counts)
    # Positions in history_items, shuffled within each user: one sort by user + random fraction.
    shuffled = np.argsort(owner + rng.random(len(owner))).astype(np.int32)
    n = counts[user]
    start = (rng.random(len(user)) * n).astype(np.int64)
    step = np.arange(length)
    slot = splits.history_offsets[user][:, None] + (start[:, None] + step) % np.maximum(n, 1)[:, None]
    valid = step < n[:, None]  # [rows, length]
    last = np.int32(len(splits.history_items))
    position = np.where(valid, shuffled[np.minimum(slot, last - 1)], last)
    position.sort(axis=1)  # back to time order; padding sorts to the end
    return np.where(position < last, splits.history_items[np.minimum(position, last - 1)], 0).astype(np.int32)


def window(items: np.ndarray, start: np.ndarray, count: np.ndarray, length: int) -> np.ndarray:
    """Rows `items[start:start + count]`, 0-padded on the right: int32 [rows, length]."""
    step = np.arange(length)
    index = np.minimum(start[:, None] + step, max(len(items) - 1, 0))
    return np.where(step < count[:, None], items[index], 0).astype(np.int32)


class History(Protocol):
    """The training positives of every user, oldest to newest: all that models learn from.

    Those of user u are `history_items[history_offsets[u]:history_offsets[u + 1]]`.
    """

    @property
    def history_items(self) -> np.ndarray: ...
    @property
    def history_offsets(self) -> np.ndarray: ...
    @property
    def history_lengths(self) -> np.ndarray: ...
    @property
    def num_item_rows(self) -> int: ...
    @property
    def served(self) -> tuple[np.ndarray, np.ndarray]:
        """What an exported model knows of every user, oldest to newest: items int32 [m], offsets int64 [users + 1].

        All that was known of a user when test was ranked, and no more: so an export starts from the histories, and
        leaves out the items, that the test figures were measured with. What a user has taken since then comes with a
        request (`recommend_for_history`, `advance`).
        """

    @property
    def report(self) -> Sequence[str]:
        """Lines that say what the split dropped."""
