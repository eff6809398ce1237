"""A task's step over all workers: what one process would compute of the rows of all, but for the order of its sums.

A task's loss is a mean over its own labelled pairs, and so are the losses that layers add. Each is therefore weighed by
the pairs it is of, and the sum of all divided by the sum of their weights. XLA compiles losses and gradients, not what
goes between the processes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tfkgrec.tasks.finite_step import FiniteStepModel
from tfkgrec.training.workers import Workers
from tfkgrec.types import Record


class Step(NamedTuple):
    """What a step is made of."""

    losses: dict[str, tf.Tensor]
    gradients: list[tf.Tensor | tf.IndexedSlices | None]


def over_all(task: FiniteStepModel, workers: Workers, jit_compile: bool) -> Callable[[Record], Step]:
    """The task's step, but for the rows of all workers at once."""
    own = tf.function(_weighed(task.own_step), jit_compile=jit_compile)
    names = list(task.means)

    def step(inputs: Record) -> Step:
        if task.recommender.reads_whole_step:
            inputs = (_with_step(inputs, workers), *inputs[1:])
        weight, losses, gradients = own(inputs)
        dense = [one for one in gradients if isinstance(one, tf.Tensor)]
        total, *sums = workers.sums([weight, *(losses[name] for name in names), *dense])
        means = iter([tf.math.divide_no_nan(one, total) for one in sums])
        losses = {name: next(means) for name in names}

        def summed(gradient: Any) -> Any:
            if isinstance(gradient, tf.IndexedSlices):  # of a row there may be many, here as in one process
                values = tf.math.divide_no_nan(workers.gather(gradient.values), total)
                return tf.IndexedSlices(values, workers.gather(gradient.indices), gradient.dense_shape)
            return gradient if gradient is None else next(means)

        return Step(losses, [summed(gradient) for gradient in gradients])

    return step


def _weighed(step: Callable[[Record], Any]) -> Callable[[Record], Any]:
    """(weight of the rows, losses, gradients), the last two times the first."""

    def weighed(inputs: Record) -> Any:
        losses, gradients = step(inputs)
        weight = tf.reduce_sum(inputs[-1])

        def times(gradient: Any) -> Any:
            if isinstance(gradient, tf.IndexedSlices):
                return tf.IndexedSlices(gradient.values * weight, gradient.indices, gradient.dense_shape)
            return gradient if gradient is None else gradient * weight

        return weight, {name: loss * weight for name, loss in losses.items()}, [times(each) for each in gradients]

    return weighed


def _with_step(inputs: Record, workers: Workers) -> dict[str, tf.Tensor]:
    """The features, and beside them which pairs all workers have in this step."""
    features, label, weight = inputs
    pairs = {"user": features["user"], "item": features["item"], "label": label[..., 0], "weight": weight}
    return {**features, "step": {name: workers.gather(rows) for name, rows in pairs.items()}}
