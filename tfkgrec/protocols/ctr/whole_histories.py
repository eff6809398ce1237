"""Click-through training on whole histories: every batch is as wide as its longest one needs."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from tfkgrec.data.epoch_dataset import of_epochs, ready
from tfkgrec.data.history import window
from tfkgrec.data.widths import Part, parts, powers_of
from tfkgrec.protocols.ctr.batches import TrainingBatches

ROWS = ("user", "owner", "item", "left_out", "label", "weight")
"""Columns of an epoch, row by row; `owner` is whose history a row reads, also where `user` is hidden."""


class WholeHistoryBatches(TrainingBatches):
    """`TrainingBatches` whose rows read all of the user's training positives.

    Rows are sorted by the power of two that their history fits in and cut into batches in that order; then the batches
    are shuffled. So there are few shapes, and little padding. Of a width above `widths.FULL` a batch has fewer rows.
    """

    @cached_property
    def _parts(self) -> list[Part]:
        """The batches of every epoch: lengths and numbers of rows are the users'."""
        return list(parts(self._lengths, self.longest, self.rows_per_batch))

    @cached_property
    def _lengths(self) -> np.ndarray:
        """Of the history of every row of an epoch, falling."""
        rows = -(-np.bincount(self.pairs(0).user, minlength=self.history.num_users) // self.items_per_user)
        return np.sort(np.repeat(self.history.lengths, rows))[::-1]

    @property
    def longest(self) -> int:
        """Items of the longest history."""
        return int(self.history.lengths.max())

    @cached_property
    def steps(self) -> int:
        return len(self._parts)

    def epoch(self, epoch: int) -> dict[str, np.ndarray]:
        """One epoch's rows in the order of `_parts`, padded with empty ones: ROWS, [R] or [R, M]."""
        rng, grouped = np.random.default_rng([self.seed, 4, epoch]), self.grouped(epoch)
        held = self.history.lengths[grouped.user]
        left_out = (rng.random(grouped.item.shape) * held[:, None]).astype(np.int32)
        columns = (self.hidden(grouped.user, rng), grouped.user, grouped.item, left_out, grouped.label, grouped.weight)
        order = np.argsort(-powers_of(held), kind="stable")  # in the random order of the rows otherwise
        last = self._parts[-1]
        missing = last.start + last.rows - len(order)
        return {
            name: np.concatenate([column[order], np.zeros((missing, *column.shape[1:]), column.dtype)])
            for name, column in zip(ROWS, columns, strict=True)
        }

    def batches(self, epoch: int) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
        columns = self.epoch(epoch)
        for number in self._order(epoch):
            start, count, width = self._parts[number]
            rows = {name: column[start : start + count] for name, column in columns.items()}
            owner, label, weight = rows.pop("owner"), rows.pop("label"), rows.pop("weight")
            begin = self.history.offsets[owner]
            rows["history"] = window(self.history.items, begin, self.history.lengths[owner], width)
            yield rows, label[..., None], weight

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """A tf.data.Dataset whose n-th pass is epoch `first_epoch + n`; XLA compiles once for each width."""
        m = self.items_per_user
        shapes = {"user": [None], "owner": [None], "item": [None, m], "left_out": [None, m]}
        rows = {name: tf.TensorSpec(shape, tf.int32) for name, shape in shapes.items()}
        rows |= {name: tf.TensorSpec([None, m], tf.float32) for name in ("label", "weight")}
        signature = (rows, tf.TensorSpec([self.steps, 3], tf.int32))
        items = tf.constant(self.history.items, tf.int32)
        offsets = tf.constant(self.history.offsets, tf.int32)

        def made(columns: dict[str, tf.Tensor], part: tf.Tensor) -> tuple[Any, tf.Tensor, tf.Tensor]:
            start, count, width = tf.unstack(part)
            batch = {name: column[start : start + count] for name, column in columns.items()}
            owner, label, weight = batch.pop("owner"), batch.pop("label"), batch.pop("weight")
            begin, end = tf.gather(offsets, owner)[:, None], tf.gather(offsets, owner + 1)[:, None]
            place = begin + tf.range(width)
            batch["history"] = tf.where(place < end, tf.gather(items, tf.minimum(place, len(items) - 1)), 0)
            return batch, label[..., None], weight

        def cut(columns: dict[str, tf.Tensor], order: tf.Tensor) -> tf.data.Dataset:
            return tf.data.Dataset.from_tensor_slices(order).map(lambda part: made(columns, part))

        def epoch(number: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
            return self.epoch(number), np.array(self._parts, np.int32)[self._order(number)]

        return ready(of_epochs(epoch, signature, first_epoch).flat_map(cut), self.steps)

    def _order(self, epoch: int) -> np.ndarray:
        """In which the batches come."""
        return np.random.default_rng([self.seed, 12, epoch]).permutation(self.steps)
