"""Top-N: every user's ratings in time order, the last fifth held out."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.cut_history import CutHistory, newest_share
from tfkgrec.data.draws import draws_of
from tfkgrec.data.records import Dataset, Interactions
from tfkgrec.errors import InputError
from tfkgrec.protocols.top_n.settings import TopNSplit

PARTS = ("validation", "test")
TRAIN_SHARE = 0.8
VALIDATION_SHARE = 0.1  # of the training part, its end
LEAST_TO_VALIDATE = 5  # training ratings; who has fewer keeps them all
LEAST_RATINGS = 7  # of which 80% are as many
COLD_TEST_RATINGS = 5  # cold: fewer than this in the test part
THINNED_TO = (1, 4)  # training ratings that a thinned user keeps, at least and at most


@dataclass(frozen=True)
class TimeSplits(CutHistory):
    """The users' ratings, cut in three: training, validation, test, one after the other.

    Attributes:
        items, offsets, train_end, validation_end: see CutHistory; thinned users without the ratings that they lost.
            The paper's training part ends where validation ends; what lies between the two only chooses the epoch.
        thinned: bool [users], who was left 1 to 4 training ratings.
        num_item_rows: rows of a table over the items, row 0 included.
    """

    thinned: np.ndarray
    num_item_rows: int

    @property
    def validation(self) -> Interactions:
        return self._part(self.train_end, self.validation_end)

    @property
    def test(self) -> Interactions:
        return self._part(self.validation_end, self.offsets[1:])

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Part -> how many ratings, users and items are in it."""
        parts = {"train": self._part(self.offsets[:-1], self.train_end)}
        parts |= {"validation": self.validation, "test": self.test}
        return {name: {"ratings": len(part), **part.reach()} for name, part in parts.items()}

    @property
    def report(self) -> tuple[str, ...]:
        """How the ratings were shared out."""
        sizes = (len(self.train_history.items), len(self.validation), len(self.test))
        line = "{:,} training ratings, {:,} that choose the epoch, {:,} of test".format(*sizes)
        thinned = int(self.thinned.sum())
        return (line, f"{thinned:,} users were left 1 to 4 training ratings") if thinned else (line,)

    @property
    def cold(self) -> np.ndarray:
        """bool [users], who has fewer than 5 ratings in the test part."""
        few: np.ndarray = self.offsets[1:] - self.validation_end < COLD_TEST_RATINGS
        return few

    def _part(self, begin: np.ndarray, end: np.ndarray) -> Interactions:
        place = np.arange(len(self.items))
        user = np.repeat(np.arange(len(begin), dtype=np.int32), np.diff(self.offsets))
        inside = (place >= begin[user]) & (place < end[user])
        return Interactions(user[inside], self.items[inside], np.ones(int(inside.sum()), np.float32))


def cut(dataset: Dataset, split: TopNSplit, seed: int) -> TimeSplits:
    """`split_by_time` as the settings say."""
    return split_by_time(dataset, seed, split.cold_users, split.train_share)


def check_asked(dataset: Dataset, splits: TimeSplits) -> None:
    """Raise `InputError` unless there are ratings that choose the epoch."""
    if not len(splits.validation):
        most = int(np.bincount(dataset.interactions.positives.user).max())
        found = f"found none among {dataset.users.size - 1:,}, of whom one has {most:,} at most"
        if splits.thinned.any():
            found += f" (data.cold_users has thinned {int(splits.thinned.sum()):,})"
        wanted = (
            f"expected users with {LEAST_RATINGS} ratings or more, some to learn from, to choose the epoch and to test"
        )
        raise InputError(f"{dataset.name}: {wanted}, {found}")


def split_by_time(
    dataset: Dataset, seed: int, cold_users: float = 0.0, train_share: float = 1.0, some: bool = False
) -> TimeSplits:
    """Split by time: of every user the first 80% (rounded down, at least one) train, the rest tests.

    Ratings of one moment stay in the order of the dataset's rows (a stable sort). The last 10% of the training part,
    rounded down, at least one of five, choose the epoch.

    Reading: the paper's cold users, "with less than 5 ratings", do not exist in MovieLens-1M's training parts (16 is
    the least). Two readings are offered: fewer than 5 ratings in the test part (`TimeSplits.cold`), and `cold_users`.

    Args:
        cold_users: share of users, drawn by the seed, who keep only their newest 1 to 4 training ratings.
        train_share: of every user's ratings before validation, what is kept of the newest, rounded up; validation and
            test are the same for every share.
        some: the dataset holds some of the users alone, of whom none may have enough to hold out.

    Raises:
        InputError: no timestamps, or nothing to hold out.
    """
    pairs = dataset.interactions.positives
    if pairs.timestamp is None:
        raise InputError(
            f"{dataset.name}: expected timestamps with data.protocol top_n, found none (data.columns.timestamp)"
        )
    users = dataset.users.size
    order = np.lexsort((pairs.timestamp, pairs.user))  # stable
    user, item = pairs.user[order], pairs.item[order].astype(np.int32)
    counts = np.bincount(user, minlength=users)
    learned = np.where(counts > 0, np.maximum(1, np.floor(TRAIN_SHARE * counts + 1e-9)), 0).astype(np.int64)
    if not some and not np.any(learned < counts):
        raise InputError(f"{dataset.name}: expected users with two ratings, found none among {users - 1:,}")

    draws = draws_of(dataset, seed, 1)
    thinned = np.zeros(users, bool)
    thinned[draws.some_of(np.flatnonzero(counts), cold_users)] = True
    left = np.where(thinned, np.minimum(draws.number_each(*THINNED_TO), learned), learned)
    chooses = np.where(left < LEAST_TO_VALIDATE, 0, np.maximum(1, np.floor(VALIDATION_SHARE * left + 1e-9)))
    chooses = chooses.astype(np.int64)
    left = newest_share(left - chooses, train_share) + chooses
    place = np.arange(len(user)) - np.repeat(np.cumsum(counts) - counts, counts)
    item = item[place >= (learned - left)[user]]
    counts = counts - learned + left
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    validation_end = offsets[:-1] + left
    return TimeSplits(item, offsets, validation_end - chooses, validation_end, thinned, dataset.items.size)
