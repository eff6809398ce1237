"""Protocol C: labelled pairs, split 6 : 2 : 2 at random, negatives re-drawn per seed."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.negatives import draw_negatives
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import Dataset, Interactions
from tfkgrec.errors import InputError

TRAIN_SHARE, VALIDATION_SHARE = 0.6, 0.2


@dataclass(frozen=True)
class Splits:
    """Labelled pairs of protocol C, and the users' training positives that everything else is computed from.

    Attributes:
        train, validation, test: disjoint labelled pairs (label 1 or 0).
        history_items: training positives of all users, int32, user by user, oldest first where time is known.
        history_offsets: int64 [users.size + 1]; user u owns `history_items[offsets[u]:offsets[u + 1]]`.
        num_item_rows: rows of a table over the items, row 0 included.
    """

    train: Interactions
    validation: Interactions
    test: Interactions
    history_items: np.ndarray
    history_offsets: np.ndarray
    num_item_rows: int

    @property
    def history_lengths(self) -> np.ndarray:
        """Training positives per user, int64 [users.size]."""
        return np.diff(self.history_offsets)

    @property
    def served(self) -> tuple[np.ndarray, np.ndarray]:
        """What an exported model knows of every user: the training positives, with which test pairs are scored."""
        return self.history_items, self.history_offsets

    @property
    def report(self) -> tuple[str, ...]:
        """A line on the users whom the protocol drops, if there are any; row 0 is no user."""
        count = int(np.sum(self.history_lengths[1:] == 0))
        return (f"left out: {count:,} users without a positive in the training split",) if count else ()

    @property
    def popularity(self) -> np.ndarray:
        """Training positives per item, int64 [items.size]."""
        return np.bincount(self.history_items, minlength=self.num_item_rows)

    def validate(self) -> None:
        seen: dict[str, np.ndarray] = {}
        for name in ("train", "validation", "test"):
            part: Interactions = getattr(self, name)
            key = pair_keys(part.user, part.item, self.num_item_rows)
            for other, keys in seen.items():
                both = np.intersect1d(key, keys)
                if len(both):
                    user, item = divmod(int(both[0]), self.num_item_rows)
                    raise InputError(f"user {user}: item {item} is in {other} and {name}")
            if np.any(self.history_lengths[part.user] == 0):
                raise InputError(
                    f"{name}: user {part.user[self.history_lengths[part.user] == 0][0]} has no training positive"
                )
            seen[name] = key


def protocol_c(dataset: Dataset, seed: int) -> Splits:
    """Split a dataset for click-through prediction (shared/design/protocols.md, protocol C).

    As many negatives as positives for every user, uniform without replacement over the items the user has not rated
    (rated below the threshold counts as rated); all pairs shuffled and cut 60 / 20 / 20; users without a training
    positive dropped from all three parts.

    Raises:
        InputError: too few pairs: none of the training pairs is a positive.
    """
    rng = np.random.default_rng([seed, 1])
    rated, rows = dataset.interactions, dataset.items.size
    positives = rated.positives
    counts = np.bincount(positives.user, minlength=dataset.users.size)
    user, item = draw_negatives(counts, np.sort(pair_keys(rated.user, rated.item, rows)), rows - 1, rng)
    time = None
    if positives.timestamp is not None:
        time = np.concatenate([positives.timestamp, np.zeros(len(user), np.int64)])
    pairs = Interactions(
        np.concatenate([positives.user, user]),
        np.concatenate([positives.item, item]),
        np.concatenate([np.ones(len(positives), np.float32), np.zeros(len(user), np.float32)]),
        time,
    )
    order = rng.permutation(len(pairs))
    first, second = int(TRAIN_SHARE * len(pairs)), int((TRAIN_SHARE + VALIDATION_SHARE) * len(pairs))
    in_train = np.zeros(dataset.users.size, bool)
    train = pairs.take(order[:first])
    in_train[train.positives.user] = True
    if not in_train.any():
        found = f"found none; there are only {len(pairs)} labelled pairs"
        raise InputError(f"{dataset.name}: expected a positive among the {len(train)} training pairs, {found}")
    train, validation, test = (
        part.take(in_train[part.user]) for part in (train, pairs.take(order[first:second]), pairs.take(order[second:]))
    )
    history_items, history_offsets = user_histories(train.positives, dataset.users.size, rng)
    splits = Splits(train, validation, test, history_items, history_offsets, rows)
    splits.validate()
    return splits


def user_histories(
    positives: Interactions, num_user_rows: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Every user's positives, oldest first; without timestamps, in a random order (file order is often by item).

    Returns:
        items int32 [n], offsets int64 [num_user_rows + 1].
    """
    when = rng.permutation(len(positives)) if positives.timestamp is None else positives.timestamp
    order = np.lexsort((when, positives.user))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(positives.user, minlength=num_user_rows))])
    return positives.item[order], offsets.astype(np.int64)
