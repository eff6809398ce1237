"""Batches of several shards of the users, side by side: what a worker reads of an epoch, the only one all of it."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from tfkgrec.data.epoch_dataset import Nest, ready
from tfkgrec.training.contract import Batches


class JoinedBatches:
    """Every batch holds a batch of each shard; a shard that is through has empty rows until the others are.

    Args:
        parts: of the shards.
        steps: of an epoch, as many as the longest shard of all has.
        examples: labelled examples of an epoch, over all shards.
    """

    def __init__(self, parts: Sequence[Batches], steps: int, examples: int) -> None:
        self.parts, self.steps, self.examples = parts, steps, examples

    def batches(self, epoch: int) -> Iterator[tuple[Any, ...]]:
        """Those of one shard after those of another."""
        for part in self.parts:
            yield from part.batches(epoch)

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """A tf.data.Dataset whose n-th pass is epoch `first_epoch + n`."""
        parts = tuple(self._filled_up(part, first_epoch) for part in self.parts)
        shared = frozenset(name for part in self.parts for name in getattr(part, "shared", ()))
        beside = tf.data.Dataset.zip(parts).map(lambda *batches: side_by_side(batches, shared))
        return ready(beside, self.steps)

    def _filled_up(self, part: Batches, first_epoch: int) -> tf.data.Dataset:
        own = part.dataset(first_epoch)
        if part.steps == self.steps:
            return own
        return own.concatenate(tf.data.Dataset.from_tensors(_empty(own.element_spec)).repeat(self.steps - part.steps))


def side_by_side(batches: Sequence[Nest], shared: frozenset[str] = frozenset()) -> Nest:
    """One batch with the rows of several; what is narrower is filled up with zeros.

    Args:
        shared: inputs that no row owns; shards draw the same, but for those that are through.
    """
    inputs = {name: _joined([batch[0][name] for batch in batches], name in shared) for name in batches[0][0]}
    return inputs, *(_joined(each, False) for each in zip(*(batch[1:] for batch in batches), strict=True))


def _joined(parts: Sequence[tf.Tensor], shared: bool) -> tf.Tensor:
    if shared:
        return tf.reduce_max(tf.stack(parts), 0)
    if parts[0].shape.rank == 1 or parts[0].shape[1] is not None:
        return tf.concat(parts, 0)
    width = tf.reduce_max([tf.shape(part)[1] for part in parts])
    return tf.concat([*map(partial(_widened, width=width), parts)], 0)


def _widened(rows: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    return tf.pad(rows, [[0, 0], [0, width - tf.shape(rows)[1]], *[[0, 0]] * (rows.shape.rank - 2)])


def _empty(signature: Nest) -> Nest:
    """A batch without a pair; a row, where their number is open."""

    def zeros(spec: tf.TensorSpec) -> tf.Tensor:
        return tf.zeros([size or 1 for size in spec.shape], spec.dtype)

    return tf.nest.map_structure(zeros, signature)
