"""Sequential: every user's interactions in time order, the last item or day held out."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tfkgrec.data.cut_history import CutHistory, newest_share
from tfkgrec.data.draws import Draws, draws_of
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.protocols.sequential.settings import SequentialSplit

DAY = 86_400  # seconds
UNIFORM_NEGATIVES = POPULAR_NEGATIVES = 50
PARTS = ("validation", "test")


@dataclass(frozen=True)
class Targets:
    """What one part asks for: which of the candidates did these users take next?

    Attributes:
        user: int32 [n], ascending.
        item: int32 [p], user by user; the one next item, or all items of the next session.
        offsets: int64 [n + 1]; `item[offsets[k]:offsets[k + 1]]` belong to `user[k]`.
        negatives: int32 [n, 100], items that the user never touches in any part: 50 drawn uniformly, then 50 others in
            proportion to their count in the training split; 0 pads where a user has left fewer.
    """

    user: np.ndarray
    item: np.ndarray
    offsets: np.ndarray
    negatives: np.ndarray


@dataclass(frozen=True)
class SequenceSplits(CutHistory):
    """The users' sequences, cut in three: training, validation, test, one after the other.

    Users with too little to hold out are trained on to their last item and asked for nothing.

    Attributes:
        items, offsets, train_end, validation_end: see CutHistory.
        validation, test: what is asked.
        num_item_rows: rows of a table over the items, row 0 included.
        next: "item" or "session".
    """

    validation: Targets
    test: Targets
    num_item_rows: int
    next: str

    @cached_property
    def popularity(self) -> np.ndarray:
        """Training interactions per item, int64 [items]."""
        return self.train_history.counts(self.num_item_rows)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Part -> how many interactions, users and items are in it."""
        known = self.train_history
        users, items = int(np.sum(known.lengths > 0)), len(np.unique(known.items))
        found = {"train": {"interactions": len(known.items), "users": users, "items": items}}
        for part in PARTS:
            asked: Targets = getattr(self, part)
            items = len(np.unique(asked.item))
            found[part] = {"interactions": len(asked.item), "users": len(asked.user), "items": items}
        return found

    @property
    def report(self) -> tuple[str, ...]:
        """How many users are asked about what comes next, and for how many of them there are too few negatives."""
        users, asked = int(np.sum(np.diff(self.offsets) > 0)), len(self.test.user)
        lines = [f"next {self.next}: {asked:,} of {users:,} users have enough to hold out and are ranked"]
        drawn = np.count_nonzero(self.test.negatives, axis=1)
        wanted = UNIFORM_NEGATIVES + POPULAR_NEGATIVES
        if asked and drawn.min() < wanted:
            few = (
                f"{int(np.sum(drawn < wanted)):,} of them among fewer than {wanted} items, {int(drawn.min())} at least"
            )
            lines.append(f"not drawn: {few}, as there are no more that they have not touched")
        return tuple(lines)

    def validate(self) -> None:
        """Raise `InputError` naming the first thing that does not hold."""
        own = pair_keys(
            np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets)), self.items, self.num_item_rows
        )
        if len(np.unique(own)) < len(own):
            raise InputError("sequences: a user has an item twice")
        for part in PARTS:
            targets: Targets = getattr(self, part)
            if np.any(np.diff(targets.user) < 1) or np.any(np.diff(targets.offsets) < 1):
                raise InputError(f"{part}: a user occurs twice, or is asked for nothing")
            drawn = pair_keys(targets.user[:, None], targets.negatives, self.num_item_rows)[targets.negatives > 0]
            both = np.intersect1d(drawn, own)
            if len(both):
                user, item = divmod(int(both[0]), self.num_item_rows)
                raise InputError(f"{part}: item {item} is a negative of user {user}, who has touched it")


def cut(dataset: Dataset, split: SequentialSplit, seed: int) -> SequenceSplits:
    """`split_sequences` as the settings say."""
    return split_sequences(dataset, seed, split.next, split.train_share)


def check_learned(dataset: Dataset, splits: SequenceSplits, predict_first: bool) -> None:
    """Raise `InputError` unless some training item comes after another one, from which it is predicted."""
    if not predict_first and splits.train_history.lengths.max() < 2:
        wanted = f"expected users with two items before the last two {splits.next}s, one to learn from and one to learn"
        raise InputError(f"{dataset.name}: {wanted}, found none among {dataset.users.size - 1:,}")


def split_sequences(
    dataset: Dataset, seed: int, next: str = "item", train_share: float = 1.0, popularity: np.ndarray | None = None
) -> SequenceSplits:
    """Split a dataset for sequential recommendation: the last item (or day) is test, the one before it validation.

    Interactions are sorted by time, and those of one moment stay in the order of the dataset's rows (a stable sort): on
    MovieLens-1M 41% of the test items share their second with the item before them. A session is a calendar day (UTC).
    Users with fewer than three items (sessions) are trained on, and not asked.

    Reading: a session is asked for as a whole: its items are ranked together among 100 negatives of the user.

    Reading: of "20%, 40%, 60% and 80% from the complete training data" (KSR, figure 3) every user keeps the newest
    share, rounded up, so that what is left is a sequence without holes and validation and test are the same for every
    share, negatives included.

    Args:
        popularity: training interactions per item, where the dataset holds some of the users alone, of whom none may
            have enough to hold out; None: those of the dataset.

    Raises:
        InputError: no timestamps, or nobody with enough to hold out.
    """
    rows, rated = dataset.items.size, dataset.interactions
    _, item, offsets, train_end, validation_end = cut_sequences(dataset, next)
    asked = np.flatnonzero(train_end < offsets[1:]).astype(np.int32)
    if popularity is None:
        if not len(asked):
            raise InputError(
                f"{dataset.name}: expected users with three {next}s, found none among {dataset.users.size - 1:,}"
            )
        popularity = train_counts(item, offsets, train_end, rows)
    touched = np.sort(pair_keys(rated.user, rated.item, rows))
    parts = {
        part: draw_targets(item, asked, begin[asked], end[asked], touched, popularity, draws_of(dataset, seed, 1, n))
        for n, (part, begin, end) in enumerate(
            (("validation", train_end, validation_end), ("test", validation_end, offsets[1:]))
        )
    }
    splits = SequenceSplits(item, offsets, train_end, validation_end, **parts, num_item_rows=rows, next=next)
    splits.validate()
    return splits if train_share == 1 else _with_newest(splits, train_share)


def train_counts(item: np.ndarray, offsets: np.ndarray, train_end: np.ndarray, rows: int) -> np.ndarray:
    """How often every item stands before its user's `train_end`, int64 [rows]."""
    known = np.arange(len(item)) < np.repeat(train_end, np.diff(offsets))
    counts: np.ndarray = np.bincount(item[known], minlength=rows)
    return counts


def cut_sequences(dataset: Dataset, next: str) -> tuple[np.ndarray, ...]:
    """user, item [n], user by user and oldest first; offsets, and where training and validation items of users end."""
    pairs = dataset.interactions.positives
    if pairs.timestamp is None:
        raise InputError(
            f"{dataset.name}: expected timestamps with data.protocol sequential, found none (data.columns.timestamp)"
        )
    order = np.lexsort((pairs.timestamp, pairs.user))  # stable
    user, item, time = pairs.user[order], pairs.item[order].astype(np.int32), pairs.timestamp[order]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=dataset.users.size))]).astype(np.int64)
    train_end, validation_end = _ends(
        user, time // (DAY * dataset.times_per_second) if next == "session" else np.arange(len(user)), offsets
    )
    return user, item, offsets, train_end, validation_end


def _with_newest(splits: SequenceSplits, share: float) -> SequenceSplits:
    """The same with the newest share of every user's training items."""
    count = splits.train_end - splits.offsets[:-1]
    lost = count - newest_share(count, share)
    place = np.arange(len(splits.items)) - np.repeat(splits.offsets[:-1], np.diff(splits.offsets))
    item = splits.items[place >= np.repeat(lost, np.diff(splits.offsets))]
    gone = np.cumsum(lost)  # with every user's, and those of the users before
    offsets = splits.offsets - np.concatenate([[0], gone])
    ends = {"train_end": splits.train_end - gone, "validation_end": splits.validation_end - gone}
    return dataclasses.replace(splits, items=item, offsets=offsets, **ends)


def _ends(user: np.ndarray, session: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the training and the validation items of every user end, int64 [users] each."""
    n = len(user)
    fresh = np.ones(n, bool)
    fresh[1:] = (user[1:] != user[:-1]) | (session[1:] != session[:-1])
    starts = np.append(np.flatnonzero(fresh), n)  # of all sessions, and the end
    upto = np.searchsorted(starts, offsets[1:])  # sessions of this user and those before
    enough = upto - np.searchsorted(starts, offsets[:-1]) >= 3
    train_end = np.where(enough, starts[np.maximum(upto - 2, 0)], offsets[1:])
    validation_end = np.where(enough, starts[np.maximum(upto - 1, 0)], offsets[1:])
    return train_end.astype(np.int64), validation_end.astype(np.int64)


def draw_targets(
    item: np.ndarray,
    user: np.ndarray,
    begin: np.ndarray,
    end: np.ndarray,
    touched: np.ndarray,
    popularity: np.ndarray,
    draws: Draws,
) -> Targets:
    """`item[begin:end]` of every one of `user`, and their negatives, none of them among the `touched` pairs.

    Args:
        touched: sorted `pair_keys`.
        popularity: count of every item, int64 [items].
    """
    rows = len(popularity)
    counts = np.zeros(int(touched[-1] // rows) + 1, np.int64)
    counts[user] = UNIFORM_NEGATIVES
    uniform = draws.negatives(counts, touched)
    forbidden = np.sort(np.concatenate([touched, pair_keys(*uniform, rows)]))
    counts[user] = POPULAR_NEGATIVES
    popular = draws.negatives(counts, forbidden, popularity)
    negatives = np.concatenate(
        [_beside(user, *uniform, UNIFORM_NEGATIVES), _beside(user, *popular, POPULAR_NEGATIVES)], 1
    )
    taken = np.concatenate([item[:0], *(item[a:b] for a, b in zip(begin, end, strict=True))])
    return Targets(user, taken, np.concatenate([[0], np.cumsum(end - begin)]).astype(np.int64), negatives)


def _beside(user: np.ndarray, owner: np.ndarray, item: np.ndarray, width: int) -> np.ndarray:
    """Drawn items, sorted by owner, as one row for each of `user`: int32 [n, width], 0 pads."""
    table = np.zeros((len(user), width), np.int32)
    table[np.searchsorted(user, owner), np.arange(len(owner)) - np.searchsorted(owner, owner)] = item
    return table
