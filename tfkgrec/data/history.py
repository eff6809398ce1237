"""Windows into the users' training positives: the histories that models read."""

import numpy as np

from tfkgrec.data.records import Splits


def history_table(splits: Splits, length: int) -> np.ndarray:
    """The newest `length` training positives of every user, oldest to newest, 0-padded on the right.

    Returns:
        int32 [users, length]; row 0 (the unknown user) is empty.
    """
    return newest(splits.history_items, splits.history_offsets, length)


def newest(items: np.ndarray, offsets: np.ndarray, length: int) -> np.ndarray:
    """The last `length` of every stretch `items[offsets[u]:offsets[u + 1]]`, in their order: int32 [users, length]."""
    count = np.minimum(np.diff(offsets), length)
    return window(items, offsets[1:] - count, count, length)


def sample_histories(splits: Splits, user: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
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
