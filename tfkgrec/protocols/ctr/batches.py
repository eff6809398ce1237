"""tf.data for click-through training: batches of G users with M labelled items each.

User-side work is done once per row instead of once per pair, and ids are all that travels (docs/design-rules.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import tensorflow as tf

from tfkgrec.data.epoch_dataset import batches_of, epochs_dataset
from tfkgrec.data.grouping import GroupedPairs, group_pairs
from tfkgrec.data.history import History, sample_histories, window
from tfkgrec.data.negatives import draw_negatives
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import Interactions
from tfkgrec.protocols.ctr.cold import warm_items
from tfkgrec.protocols.ctr.settings import CtrTraining
from tfkgrec.protocols.ctr.split import Splits
from tfkgrec.protocols.ctr.windows import rows_in_time


@dataclass(frozen=True)
class TrainingBatches:
    """All epochs of training under ctr, each a pure function of (seed, epoch).

    Attributes:
        splits: where pairs and histories come from.
        batch_size: labelled pairs a step (padding included), G = batch_size // items_per_user.
        items_per_user: M.
        history_length: T. Rows carry T + 1 items, since every pair loses one: a positive itself, a negative the one
            that `left_out` names. Lengths then tell nothing about labels.
        negatives: "fixed" (the split's, as the papers) or "fresh" (re-drawn every epoch, excluding training positives).
        negative_pool: what fresh ones are drawn from: the "catalogue", or "train_positives", items with one of these.
        unknown_user_rate: share of rows whose user id is hidden (0), so that the model learns to serve unknown users.
        histories: "random" items of the user's, T + 1 of them; or the "newest" T before a row, whose pairs are
            neighbours in time: none of them is inside, so that nothing has to be left out.
        users: whose pairs these are, bool [users]; None: everybody's.
    """

    splits: Splits
    batch_size: int
    items_per_user: int
    history_length: int
    negatives: str
    seed: int
    unknown_user_rate: float = 0.0
    negative_pool: str = "catalogue"
    histories: str = "random"
    users: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        splits: Splits,
        history_length: int,
        training: CtrTraining,
        histories: str = "random",
        users: np.ndarray | None = None,
    ) -> "TrainingBatches":
        """The batches that the settings ask for, for a model that reads histories of `history_length`."""
        return cls(
            splits,
            training.batch_size,
            training.items_per_user,
            history_length,
            training.negatives,
            training.seed,
            training.unknown_user_rate,
            training.negative_pool or "catalogue",
            histories,
            users,
        )

    @cached_property
    def history(self) -> History:
        """The training positives of every user whose pairs these are."""
        return self.splits.train_history.only(self.users)

    @property
    def rows_per_batch(self) -> int:
        return max(1, self.batch_size // self.items_per_user)

    @cached_property
    def examples(self) -> int:
        """Labelled pairs of an epoch."""
        return len(self.pairs(0))

    @cached_property
    def steps(self) -> int:
        """Batches of an epoch: the same for every epoch, since every user keeps its number of pairs."""
        rows = -(-np.bincount(self.pairs(0).user) // self.items_per_user)
        return -(-int(rows.sum()) // self.rows_per_batch)

    @cached_property
    def _pool(self) -> np.ndarray:
        """The items that fresh negatives are drawn from, ascending."""
        if self.negative_pool == "train_positives":
            return np.unique(self.splits.train.positives.item)
        return warm_items(self.splits.num_item_rows, self.splits.cold)

    @cached_property
    def _train(self) -> Interactions:
        """The training pairs, weighed: positives 1 on average, over all users, and negatives 1."""
        train, weight = replace(self.splits.train, timestamp=None), None
        if train.weight is not None:
            liked = train.label > 0
            weight = np.where(liked, train.weight / train.weight[liked].mean(), 1).astype(np.float32)
        train = replace(train, weight=weight)
        return train if self.users is None else train.take(self.users[train.user])

    def pairs(self, epoch: int) -> Interactions:
        """The labelled pairs of one epoch."""
        train = self._train
        if self.negatives == "fixed":
            return train
        positives = train.positives
        rng = np.random.default_rng([self.seed, 2, epoch])
        pool = self._pool
        own = np.sort(pair_keys(positives.user, np.searchsorted(pool, positives.item) + 1, len(pool) + 1))
        user, place = draw_negatives(self.history.lengths, own, len(pool), rng)
        return positives.with_negatives(user, pool[place - 1])

    def epoch(self, epoch: int) -> dict[str, np.ndarray]:
        """One epoch as arrays, padded with empty rows to whole batches.

        Returns:
            user [R], history [R, T + 1] or [R, T], item [R, M], left_out [R, M] (slot of the history that a pair
            without itself in it loses, -1 for none), label [R, M], weight [R, M].
        """
        rng = np.random.default_rng([self.seed, 4, epoch])
        if self.histories == "newest":
            grouped, history = self._in_time(epoch)
            left_out = np.full(grouped.item.shape, -1, np.int32)
        else:
            grouped = self.grouped(epoch)
            history = sample_histories(self.history, grouped.user, self.history_length + 1, rng)
            held = (history > 0).sum(axis=1, keepdims=True)
            left_out = (rng.random(grouped.item.shape) * held).astype(np.int32)
        user = self.hidden(grouped.user, rng)
        columns = {
            "user": user,
            "history": history,
            "item": grouped.item,
            "left_out": left_out,
            "label": grouped.label,
            "weight": grouped.weight,
        }
        missing = -len(user) % self.rows_per_batch
        return {k: np.concatenate([v, np.zeros((missing, *v.shape[1:]), v.dtype)]) for k, v in columns.items()}

    def grouped(self, epoch: int) -> GroupedPairs:
        """The pairs of one epoch as rows, in a random order."""
        return group_pairs(self.pairs(epoch), self.items_per_user, np.random.default_rng([self.seed, 3, epoch]))

    def hidden(self, user: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The users [R] with some of them made unknown."""
        return np.where(rng.random(len(user)) < self.unknown_user_rate, 0, user).astype(np.int32)

    def _in_time(self, epoch: int) -> tuple[GroupedPairs, np.ndarray]:
        """Rows of neighbours in time, and the newest T before each [R, T]."""
        rng, rows = np.random.default_rng([self.seed, 3, epoch]), self.splits.num_item_rows
        grouped, end = rows_in_time(self.pairs(epoch), self.history, rows, self.items_per_user, rng)
        count = np.minimum(end, self.history_length)
        start = self.history.offsets[grouped.user] + end - count
        return grouped, window(self.history.items, start, count, self.history_length)

    def stacked(self, epoch: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """(inputs, label [steps, G, M, 1], weight [steps, G, M]) of one epoch."""
        columns = {k: v.reshape(-1, self.rows_per_batch, *v.shape[1:]) for k, v in self.epoch(epoch).items()}
        label, weight = columns.pop("label"), columns.pop("weight")
        return columns, label[..., None], weight

    def batches(self, epoch: int) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
        """(inputs, label [G, M, 1], weight [G, M]) of every step of one epoch."""
        yield from batches_of(self.stacked(epoch))

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """A tf.data.Dataset whose n-th pass is epoch `first_epoch + n`; shapes are fixed, as XLA likes them."""
        g, m, t = self.rows_per_batch, self.items_per_user, self.history_length + (self.histories != "newest")
        inputs = {
            "user": tf.TensorSpec([g], tf.int32),
            "history": tf.TensorSpec([g, t], tf.int32),
            "item": tf.TensorSpec([g, m], tf.int32),
            "left_out": tf.TensorSpec([g, m], tf.int32),
        }
        signature = (inputs, tf.TensorSpec([g, m, 1], tf.float32), tf.TensorSpec([g, m], tf.float32))
        return epochs_dataset(self.stacked, signature, self.steps, first_epoch)
