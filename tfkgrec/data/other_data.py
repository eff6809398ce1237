"""Interactions of other data than a run's own, in the run's ids: what a finished model is judged on later."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.data.records import IdMap, Interactions


@dataclass(frozen=True)
class OtherData:
    """New interactions, and what was known before them.

    Users whom the run does not know are numbered after its own.

    Attributes:
        known: all that the run's data hold of every user; what its model reads comes last, oldest first.
        new: rows that these do not hold, with items of the run's catalogue; label 0 is no positive.
        model_user: int32 [users], as whom the model knows every user; 0: as nobody.
        users: the run's, and strangers after them.
        items: the run's.
        times_per_second: of the new rows' times in a second.
        split_version: as of the run's dataset.
    """

    known: History
    new: Interactions
    model_user: np.ndarray
    users: IdMap
    items: IdMap
    times_per_second: int = 1
    split_version: int = 2

    @property
    def num_item_rows(self) -> int:
        """Rows of a table over the items, row 0 included."""
        return self.items.size

    @property
    def touched(self) -> Interactions:
        """What is no negative of its user, old and new; all labelled 1."""
        user = np.concatenate([self.known.users(), self.new.user]).astype(np.int32)
        item = np.concatenate([self.known.items, self.new.item]).astype(np.int32)
        return Interactions(user, item, np.ones(len(user), np.float32))

    def in_time(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Every user's items, the known ones and then what is liked of the new ones, oldest first.

        Returns:
            item int32 [n], time int64 [n] (-1 for known ones), offsets int64 [users + 1], and where the known ones of
            every user end, int64 [users].
        """
        liked = self.new.positives
        when = np.arange(len(liked)) if liked.timestamp is None else liked.timestamp
        user = np.concatenate([self.known.users(), liked.user])
        item = np.concatenate([self.known.items, liked.item]).astype(np.int32)
        time = np.concatenate([np.full(len(self.known.items), -1, np.int64), when])
        is_new = np.arange(len(user)) >= len(self.known.items)
        order = np.lexsort((time, is_new, user))  # stable
        offsets = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=self.known.num_users))]).astype(np.int64)
        return item[order], time[order], offsets, offsets[:-1] + self.known.lengths
