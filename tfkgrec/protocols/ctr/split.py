"""Click-through: labelled pairs, split 6 : 2 : 2 at random, negatives re-drawn per seed."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.draws import Draws, draws_of
from tfkgrec.data.history import History
from tfkgrec.data.pair_keys import is_among, pair_keys
from tfkgrec.data.records import Dataset, Interactions
from tfkgrec.errors import InputError
from tfkgrec.protocols.ctr.cold import ColdItems, choose_cold, negatives_among, warm_items
from tfkgrec.protocols.ctr.settings import CtrSplit

PARTS = ("train", "validation", "test")
TRAIN_SHARE, VALIDATION_SHARE = 0.6, 0.2
ENOUGH = 20
"""Positives, and as many negatives, of which every part has some: with fewer it is a matter of luck."""


@dataclass(frozen=True)
class Splits:
    """Labelled pairs, and the users' training positives that everything else is computed from.

    Attributes:
        train, validation, test: disjoint labelled pairs (label 1 or 0).
        train_history: training positives of all users, oldest first where time is known.
        num_item_rows: rows of a table over the items, row 0 included.
        cold: items that are in none of them, where the settings hold some out.
    """

    train: Interactions
    validation: Interactions
    test: Interactions
    train_history: History
    num_item_rows: int
    cold: ColdItems | None = None

    @property
    def model_history(self) -> History:
        """What the saved model reads: the training positives, with which test pairs are scored."""
        return self.train_history

    @property
    def report(self) -> tuple[str, ...]:
        """Lines on the users whom the protocol drops and on the negatives that it could not draw, if there are any."""
        lines = []
        dropped = int(np.sum(self.train_history.lengths[1:] == 0))  # row 0 is no user
        if dropped:
            lines.append(f"left out: {dropped:,} users without a positive in the training split")
        missing = self._missing_negatives()
        if missing.any():
            whose = f"{np.count_nonzero(missing):,} users have not rated as many items as they like"
            lines.append(f"not drawn: {missing.sum():,} negatives, as {whose}")
        if self.cold is not None:
            liked, users = self.cold.pairs.positives, np.unique(self.cold.pairs.user)
            lines.append(f"cold: {len(self.cold.items):,} items with {len(liked):,} positives of {len(users):,} users")
        return tuple(lines)

    def _missing_negatives(self) -> np.ndarray:
        """How many fewer negatives than positives every user has, int [users]."""
        pairs = [getattr(self, name) for name in PARTS]
        user, label = (np.concatenate([getattr(part, column) for part in pairs]) for column in ("user", "label"))
        return np.bincount(user, np.where(label > 0, 1, -1), minlength=self.train_history.num_users).astype(np.int64)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Part -> how many pairs, positives, users and items are in it."""
        parts = {name: getattr(self, name) for name in PARTS}
        if self.cold is not None:
            parts["cold"] = self.cold.pairs
        return {
            name: {"pairs": len(part), "positives": len(part.positives), **part.reach()} for name, part in parts.items()
        }

    @property
    def popularity(self) -> np.ndarray:
        """Training positives per item, int64 [items.size]."""
        return self.train_history.counts(self.num_item_rows)

    def validate(self) -> None:
        seen: dict[str, np.ndarray] = {}
        for name in PARTS:
            part: Interactions = getattr(self, name)
            key = np.sort(pair_keys(part.user, part.item, self.num_item_rows))
            for other, keys in seen.items():
                both = key[is_among(key, keys)]
                if len(both):
                    user, item = divmod(int(both[0]), self.num_item_rows)
                    raise InputError(f"user {user}: item {item} is in {other} and {name}")
            if np.any(self.train_history.lengths[part.user] == 0):
                raise InputError(
                    f"{name}: user {part.user[self.train_history.lengths[part.user] == 0][0]} has no training positive"
                )
            if self.cold is not None and np.any(self.cold.has(part.item)):
                raise InputError(f"{name}: item {part.item[self.cold.has(part.item)][0]} is cold, and yet in it")
            seen[name] = key


def cut(dataset: Dataset, split: CtrSplit, seed: int) -> Splits:
    """`split_ctr`, of which no setting has a say."""
    return split_ctr(dataset, seed, split.train_share, split.cold_items)


def check_labels(dataset: Dataset, splits: Splits) -> None:
    """Raise `InputError` unless every part has a positive and a negative, without which there is no AUC."""
    positives = dataset.interactions.positives
    for part in PARTS:
        label = getattr(splits, part).label
        if not 0 < label.sum() < len(label):
            most, liked = int(np.bincount(positives.user).max()), len(positives)
            found = f"found {int(label.sum())} and {int((1 - label).sum())}"
            found += (
                f" of {liked:,} and {dataset.stats()['labelled_pairs'] - liked:,} in all (one user likes {most:,} at"
            )
            found += f" most); {ENOUGH} of each, two or more of a user, are as a rule enough"
            raise InputError(f"{dataset.name}: expected positives and negatives in the {part} split, {found}")


def split_ctr(dataset: Dataset, seed: int, train_share: float = 1.0, cold_items: float = 0.0) -> Splits:
    """Split a dataset for click-through prediction.

    As many negatives as positives for every user, uniform without replacement over the items the user has not rated
    (rated below the threshold counts as rated); all pairs dealt out 60 / 20 / 20, or 75 / 25 where those to test on
    are given; users without a training positive
    dropped from all three parts.

    Args:
        train_share: of the training pairs, what is kept; drawn when all else has been, so that validation and test hold
            the same pairs for every share, those of users dropped aside.
        cold_items: share of the items that is held out first, with all interactions (`cold.py`).

    Reading: DINK's figure 3 varies "the proportion of the training set to increase the proportion of new users".
    """
    cold, draws, rows = choose_cold(dataset, cold_items, seed), draws_of(dataset, seed, 1), dataset.items.size
    pairs = _labelled(dataset, draws, cold)
    train, *held = _parts(pairs, draws)
    if train_share < 1:
        train = train.take(draws_of(dataset, seed, 1, 1).kept(train.user, train.item, train_share))
    in_train = np.zeros(dataset.users.size, bool)
    in_train[train.positives.user] = True
    train, validation, test = (part.take(in_train[part.user]) for part in (train, *held))
    if cold is not None:
        cold = ColdItems(cold.items, cold.pairs.take(in_train[cold.pairs.user]))
    splits = Splits(train, validation, test, user_histories(train.positives, dataset.users.size, draws), rows, cold)
    splits.validate()
    return splits


def _labelled(dataset: Dataset, draws: Draws, cold: ColdItems | None) -> Interactions:
    """The positives, and of every user as many negatives, cold items aside."""
    rated = dataset.interactions
    positives = rated.positives if cold is None else rated.positives.take(~cold.has(rated.positives.item))
    counts = np.bincount(positives.user, minlength=dataset.users.size)
    if cold is None:
        drawn = draws.negatives(counts, np.sort(pair_keys(rated.user, rated.item, dataset.items.size)))
    else:
        drawn = negatives_among(warm_items(dataset.items.size, cold), counts, rated, draws)
    return positives.with_negatives(*drawn)


def _parts(pairs: Interactions, draws: Draws) -> list[Interactions]:
    """Training, validation, test."""
    if pairs.held_out is None:
        return [pairs.take(part) for part in draws.parts(pairs.user, pairs.item, (TRAIN_SHARE, VALIDATION_SHARE))]
    ours = pairs.take(~pairs.held_out)
    share = TRAIN_SHARE / (TRAIN_SHARE + VALIDATION_SHARE)
    return [*(ours.take(part) for part in draws.parts(ours.user, ours.item, (share,))), pairs.take(pairs.held_out)]


def user_histories(positives: Interactions, num_user_rows: int, draws: Draws) -> History:
    """Every user's positives, oldest first; without timestamps, in a random order (file order is often by item)."""
    when = draws.moments(positives.user, positives.item) if positives.timestamp is None else positives.timestamp
    order = np.argsort(when, kind="stable")
    return History.by_user(positives.user[order], positives.item[order], num_user_rows)
