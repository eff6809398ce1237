"""Every user's items in time order, cut in three: what training, validation and test may know."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from tfkgrec.data.history import History, window


def newest_share(count: np.ndarray, share: float) -> np.ndarray:
    """How many of `count` [users] are kept, the newest: at least one where there is any, int64 [users]."""
    return np.ceil(share * count - 1e-9).astype(np.int64).clip(np.minimum(count, 1), count)


@dataclass(frozen=True)
class CutHistory:
    """What the splits by time have in common.

    Attributes:
        items: int32 [n], every interaction, user by user, oldest first.
        offsets: int64 [users + 1]; user u owns `items[offsets[u]:offsets[u + 1]]`.
        train_end, validation_end: int64 [users]; positions in `items` where the training (validation) items of a user
            end.
    """

    items: np.ndarray
    offsets: np.ndarray
    train_end: np.ndarray
    validation_end: np.ndarray

    @cached_property
    def train_history(self) -> History:
        """What models learn from."""
        return self.known("validation")

    @property
    def model_history(self) -> History:
        """What the saved model reads: all that is known of a user when test is ranked, and nothing of test."""
        return self.known("test")

    def known(self, part: str) -> History:
        """What a model may know of every user when `part` is asked.

        For validation that is the training part, for test the validation items too, as the papers' protocols have it.
        """
        end = self._known_end(part)
        kept = np.arange(len(self.items)) < np.repeat(end, np.diff(self.offsets))
        offsets = np.concatenate([[0], np.cumsum(end - self.offsets[:-1])])
        return History(self.items[kept], offsets.astype(np.int64))

    def histories(self, part: str, user: np.ndarray, length: int) -> np.ndarray:
        """The newest `length` known items of users [G], oldest first, 0-padded on the right: int32 [G, length]."""
        end = self._known_end(part)[user]
        count = np.minimum(end - self.offsets[user], length)
        return window(self.items, end - count, count, length)

    def table(self) -> pa.Table:
        """Columns user, item, part: 0 training, 1 validation, 2 test, user by user and oldest first."""
        user = np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), np.diff(self.offsets))
        place = np.arange(len(self.items))
        part = (place >= self.train_end[user]).astype(np.int8) + (place >= self.validation_end[user])
        return pa.table({"user": user, "item": self.items, "part": part.astype(np.int8)})

    @staticmethod
    def columns_of(table: pa.Table, num_user_rows: int) -> dict[str, np.ndarray]:
        """The attributes that `table` holds, of so many users."""
        user, item, part = (table[name].to_numpy() for name in ("user", "item", "part"))
        ends = [np.bincount(user[part < top], minlength=num_user_rows) for top in (1, 2, 3)]
        offsets = np.concatenate([[0], np.cumsum(ends[2])]).astype(np.int64)
        train, validation = (offsets[:-1] + count for count in ends[:2])
        return {"items": item, "offsets": offsets, "train_end": train, "validation_end": validation}

    def _known_end(self, part: str) -> np.ndarray:
        return {"validation": self.train_end, "test": self.validation_end}[part]
