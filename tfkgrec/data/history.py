"""What users have taken, oldest to newest, and windows into it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class History:
    """Items of every user, user by user, oldest first where time is known.

    There are three of them: a split's `train_history` (learned from) and `model_history` (what the saved model reads),
    and the dataset's `seen_items` (not recommended again).

    Attributes:
        items: int32 [n].
        offsets: int64 [users + 1]; user u owns `items[offsets[u]:offsets[u + 1]]`; user 0 (unknown) owns nothing.
    """

    items: np.ndarray
    offsets: np.ndarray

    @classmethod
    def by_user(cls, user: np.ndarray, item: np.ndarray, num_user_rows: int) -> "History":
        """Of pairs [n]; every user's items stay in the order that they stand in."""
        offsets = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=num_user_rows))])
        return cls(item[np.argsort(user, kind="stable")], offsets.astype(np.int64))

    @classmethod
    def of_rows(cls, table: np.ndarray) -> "History":
        """Of a row of items for every user [users, T], 0 pads."""
        held = table > 0
        return cls(table[held].astype(np.int32), np.concatenate([[0], np.cumsum(held.sum(axis=1))]).astype(np.int64))

    @property
    def num_users(self) -> int:
        """Users, row 0 included."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Items of every user, int64 [users]."""
        return np.diff(self.offsets)

    def of(self, user: int) -> np.ndarray:
        """One user's items, int32."""
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    def users(self) -> np.ndarray:
        """Whose every item is: int64 [n]."""
        return np.repeat(np.arange(self.num_users), self.lengths)

    def counts(self, num_item_rows: int) -> np.ndarray:
        """How many users have each item, int64 [num_item_rows]."""
        return np.bincount(self.items, minlength=num_item_rows)

    def only(self, users: np.ndarray | None) -> "History":
        """The same for some users alone, bool [users]; the others have nothing. None: for all."""
        if users is None:
            return self
        offsets = np.concatenate([[0], np.cumsum(np.where(users, self.lengths, 0))])
        return History(self.items[np.repeat(users, self.lengths)], offsets)

    def newest(self, length: int) -> np.ndarray:
        """The last `length` items of every user, in their order, 0-padded on the right: int32 [users, length]."""
        count = np.minimum(self.lengths, length)
        return window(self.items, self.offsets[1:] - count, count, length)


def sample_histories(history: History, user: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """For every row a random subset of `length` of its user's items, oldest to newest.

    Each user's items are shuffled once, and each row takes a cyclic window at a random place: distinct items without a
    loop.

    Args:
        user: int [rows].

    Returns:
        int32 [rows, length], 0-padded on the right.
    """
    if not len(history.items):
        return np.zeros((len(user), length), np.int32)
    owner = history.users()
    # Positions in the items, shuffled within each user: one sort by user + random fraction.
    shuffled = np.argsort(owner + rng.random(len(owner))).astype(np.int32)
    n = history.lengths[user]
    start = (rng.random(len(user)) * n).astype(np.int64)
    step = np.arange(length)
    place = history.offsets[user][:, None] + (start[:, None] + step) % np.maximum(n, 1)[:, None]
    valid = step < n[:, None]  # [rows, length]
    last = np.int32(len(history.items))
    position = np.where(valid, shuffled[np.minimum(place, last - 1)], last)
    position.sort(axis=1)  # back to time order; padding sorts to the end
    return np.where(position < last, history.items[np.minimum(position, last - 1)], 0).astype(np.int32)


def window(items: np.ndarray, start: np.ndarray, count: np.ndarray, length: int) -> np.ndarray:
    """Rows `items[start:start + count]`, 0-padded on the right: int32 [rows, length]."""
    step = np.arange(length)
    index = np.minimum(start[:, None] + step, max(len(items) - 1, 0))
    return np.where(step < count[:, None], items[index], 0).astype(np.int32)
