"""Whole epochs of NumPy arrays as a tf.data.Dataset of batches: the way every protocol feeds its task."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

Nest: TypeAlias = Any
"""Tuples and dicts, in one another, of arrays, tensors or specs."""
Stacked: TypeAlias = Nest
"""A nest of arrays [steps, ...]: all batches of an epoch."""


def batches_of(stacked: Stacked) -> Iterator[Nest]:
    """The batches of one epoch, one after the other."""
    for step in range(len(tf.nest.flatten(stacked)[0])):
        yield tf.nest.map_structure(lambda array, n=step: array[n], stacked)


def epochs_dataset(
    epoch: Callable[[int], Stacked], signature: Nest, steps: int, first_epoch: int = 0
) -> tf.data.Dataset:
    """A dataset whose n-th pass is `epoch(first_epoch + n)`.

    Args:
        epoch: makes the arrays of one epoch.
        signature: nest of `tf.TensorSpec` of one batch: shapes are fixed, as XLA likes them.
        steps: batches of an epoch, the same for all.
    """
    stacked = of_epochs(epoch, _with_steps(signature), first_epoch)
    return ready(stacked.flat_map(lambda *parts: tf.data.Dataset.from_tensor_slices(parts)), steps)


def of_epochs(epoch: Callable[[int], Nest], signature: Nest, first_epoch: int = 0) -> tf.data.Dataset:
    """A dataset whose n-th pass is one element, `epoch(first_epoch + n)`, of specs `signature`."""
    counter = iter(range(first_epoch, 1 << 30))
    specs = tf.nest.flatten(signature)

    def next_epoch() -> list[np.ndarray]:
        arrays: list[np.ndarray] = tf.nest.flatten(epoch(next(counter)))
        return arrays

    def read(_: tf.Tensor) -> Nest:
        # Python hands over a whole epoch at once; cutting it into batches there would cost a millisecond for each.
        # Not from_generator: it lowers malloc's trim threshold for the whole process, after which every large NumPy
        # temporary is mapped and unmapped anew (2.5 times slower here).
        arrays = tf.numpy_function(next_epoch, [], [spec.dtype for spec in specs])
        shaped = [tf.ensure_shape(a, spec.shape) for a, spec in zip(arrays, specs, strict=True)]
        return tf.nest.pack_sequence_as(signature, shaped)

    return tf.data.Dataset.from_tensors(0).map(read)


def ready(batches: tf.data.Dataset, steps: int) -> tf.data.Dataset:
    """The batches of an epoch, of which there are `steps`, made while the one before is trained on."""
    options = tf.data.Options()
    # Nothing here to tune, and the end of a tuned epoch waits for the tuner's thread: as long as the first step
    # took to compile (7 to 40 s were seen between the first two epochs).
    options.autotune.enabled = False
    return batches.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(4).with_options(options)


def _with_steps(signature: Nest) -> Nest:
    return tf.nest.map_structure(lambda spec: tf.TensorSpec([None, *spec.shape], spec.dtype), signature)
