"""Protocol C: labelled pairs, split 6 : 2 : 2 at random, negatives re-drawn per seed."""

import numpy as np

from tfkgrec.data.negatives import draw_negatives
from tfkgrec.data.records import Dataset, Interactions, Splits
from tfkgrec.errors import InputError

TRAIN_SHARE, VALIDATION_SHARE = 0.6, 0.2


def pair_keys(user: np.ndarray, item: np.ndarray, num_item_rows: int) -> np.ndarray:
    """One int64 per (user, item) pair, in the order of (user, item)."""
    return user.astype(np.int64) * num_item_rows + item


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
