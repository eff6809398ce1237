"""Adam and Adagrad whose step costs what a batch touches, not what its tables hold (`training.row_sparse`).

An `Embedding` that reads rows hands its gradient over as `tf.IndexedSlices`, a slice for every lookup. Here the slices
of a row are summed, and that row and its moments alone are moved. Adam's moments of the other rows stand still, where
a dense step would let them decay and move their rows a little more ("lazy" Adam: docs/known-issues.md).
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfkgrec.layers.embedding import Embedding
from tfkgrec.types import Tensor

LARGE = 200_000
"""Rows from which "auto" takes a table's rows alone: `benchmark growth` measures where that begins to pay."""
FEW = 3
"""And it does so for batches with fewer lookups than a row in so many: to move more of them one by one costs more."""
SCRATCH = 256
"""A number for every row costs less to write than to sort the lookups where there is one for so many rows or fewer."""


def read_rows(model: keras.Model, row_sparse: str | bool) -> bool:
    """Let the tables of `model` hand on gradients of rows: all of them, none, or ("auto") the large ones.

    Returns:
        Whether there are such tables, and so need of an optimizer of this module.
    """
    tables = [layer for layer in model._flatten_layers() if isinstance(layer, Embedding)]
    for table in tables:
        table.row_sparse = table.input_dim >= LARGE if row_sparse == "auto" else bool(row_sparse)
    return any(table.row_sparse for table in tables)


class Touched(NamedTuple):
    """What a batch changes of a table; as long as the batch's lookups, so that shapes are known beforehand."""

    rows: tf.Tensor  # int [n]: every id that was looked up once, and in the other places any of them again
    gradient: tf.Tensor  # [n, d]: the sum over a row's lookups
    real: tf.Tensor  # [n, 1]: 1 once for every row, 0 in the other places


def touched(slices: tf.IndexedSlices, table_rows: int) -> Touched:
    """The slices of a row as one; nothing of it depends on how many rows are distinct, as XLA asks for."""
    lookups = slices.indices.shape[0]
    if lookups is None or table_rows > SCRATCH * lookups:
        return _by_sorting(slices)
    place = tf.range(lookups, dtype=slices.indices.dtype)
    last = tf.gather(tf.math.unsorted_segment_max(place, slices.indices, table_rows), slices.indices)  # of the id's
    gradient = tf.math.unsorted_segment_sum(slices.values, last, lookups)
    return Touched(slices.indices, gradient, tf.cast(last == place, gradient.dtype)[:, None])


def _by_sorting(slices: tf.IndexedSlices) -> Touched:
    order = tf.argsort(slices.indices, stable=True)
    rows = tf.gather(slices.indices, order)
    lookups = tf.shape(rows)[0]
    begins = tf.concat([[1], tf.cast(rows[1:] != rows[:-1], tf.int32)], 0)
    place = tf.cumsum(begins) - 1
    gradient = tf.math.unsorted_segment_sum(tf.gather(slices.values, order), place, lookups)
    real = tf.range(lookups) <= place[-1]
    distinct = tf.where(real, tf.math.unsorted_segment_max(rows, place, lookups), rows[0])
    return Touched(distinct, gradient, tf.cast(real, gradient.dtype)[:, None])


class RowSparse:
    """What the optimizers of this module have in common.

    Attributes:
        few: how many rows a table has to have for every lookup, for these rows alone to be moved; else the step is the
            dense one.
    """

    few = 0

    def of_rows(self, gradient: Tensor, variable: Tensor) -> bool:
        """Whether a gradient moves those rows of a table alone that it names."""
        if not isinstance(gradient, tf.IndexedSlices):
            return False
        lookups = gradient.indices.shape[0]
        return lookups is None or self.few * lookups <= variable.shape[0]


def _raw(variable: Any) -> tf.Variable:
    return variable.value if isinstance(variable, keras.Variable) else variable


@keras.saving.register_keras_serializable("tfkgrec")
class RowSparseAdam(RowSparse, keras.optimizers.Adam):
    """`keras.optimizers.Adam`, but a gradient of rows moves these rows and their moments alone."""

    def update_step(self, gradient: Tensor, variable: Tensor, learning_rate: Tensor) -> None:
        if not self.of_rows(gradient, variable):
            super().update_step(tf.convert_to_tensor(gradient), variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        first, second, table = (_raw(each) for each in (self._momentums[index], self._velocities[index], variable))
        rows, summed, real = touched(gradient, variable.shape[0])
        step = tf.cast(self.iterations.value + 1, summed.dtype)
        rate = tf.cast(learning_rate, summed.dtype) * tf.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        before, before_squared = tf.gather(first, rows), tf.gather(second, rows)
        mean = self.beta_1 * before + (1 - self.beta_1) * summed
        square = self.beta_2 * before_squared + (1 - self.beta_2) * tf.square(summed)
        first.scatter_nd_add(rows[:, None], (mean - before) * real)
        second.scatter_nd_add(rows[:, None], (square - before_squared) * real)
        table.scatter_nd_sub(rows[:, None], rate * mean / (tf.sqrt(square) + self.epsilon) * real)


@keras.saving.register_keras_serializable("tfkgrec")
class RowSparseAdagrad(RowSparse, keras.optimizers.Adagrad):
    """`keras.optimizers.Adagrad`, but a gradient of rows touches these rows alone: the same numbers, at less cost."""

    def update_step(self, gradient: Tensor, variable: Tensor, learning_rate: Tensor) -> None:
        if not self.of_rows(gradient, variable):
            super().update_step(tf.convert_to_tensor(gradient), variable, learning_rate)
            return
        accumulator = _raw(self._accumulators[self._get_variable_index(variable)])
        rows, summed, real = touched(gradient, variable.shape[0])
        before, squares = tf.gather(accumulator, rows), tf.square(summed)
        accumulator.scatter_nd_add(rows[:, None], squares * real)
        moved = tf.cast(learning_rate, summed.dtype) * summed / tf.sqrt(before + squares + self.epsilon)
        _raw(variable).scatter_nd_sub(rows[:, None], moved * real)
