"""The train step that all tasks share: epoch means in the logs, and no update from a step that is not finite.

The modules of this folder are the only ones that know TensorFlow Recommenders. Version 0.7.3 is pinned: later ones
refuse to import under Keras 3, this one works as it is for what is used here (docs/known-issues.md): `tfrs.Model`
and `tfrs.tasks.Ranking`. tests/tasks/test_ranking.py goes red the day that changes.
"""

from collections.abc import Callable, Iterable
from typing import Unpack

import keras
import tensorflow as tf
import tensorflow_recommenders as tfrs

from tfkgrec.models.recommender import Recommender
from tfkgrec.types import LayerOptions, Record, Tensor


class FiniteStepModel(tfrs.Model):
    """A `Recommender` under a TFRS task; a subclass writes `compute_loss`.

    Logged as means over the epoch: `loss` (total), `task_loss`, `regularization_loss`. A step whose loss or gradient is
    not finite changes nothing, so that the weights which led to it can be examined.
    """

    def __init__(self, recommender: Recommender, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        self.recommender = recommender
        self.step: Callable[[Record], tuple[dict[str, Tensor], list[Tensor]]] = self.own_step  # or `over_all` workers'
        self.means = {name: keras.metrics.Mean(name=name) for name in ("loss", "task_loss", "regularization_loss")}
        self.built = True

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        return self.recommender(inputs, training=training)

    def own_step(self, inputs: Record) -> tuple[dict[str, Tensor], list[Tensor]]:
        """The losses of a batch by name, and the gradients of `loss`."""
        with tf.GradientTape() as tape:
            task_loss = self.compute_loss(inputs, training=True)
            regularization_loss = tf.add_n(self.losses) if self.losses else tf.constant(0.0)
            loss = task_loss + regularization_loss
        gradients = tape.gradient(loss, self.trainable_variables)
        return {"loss": loss, "task_loss": task_loss, "regularization_loss": regularization_loss}, gradients

    def train_step(self, inputs: Record) -> dict[str, tf.Tensor]:
        """As `tfrs.Model.train_step`, but with epoch means, and holding still on a non-finite loss or gradient."""
        losses, gradients = self.step(inputs)
        healthy = tf.math.is_finite(losses["loss"] + tf.linalg.global_norm(gradients))
        tf.cond(healthy, lambda: self._apply(gradients), lambda: False)
        losses["loss"] = tf.where(healthy, losses["loss"], float("nan"))  # a non-finite gradient shows, too
        for name, value in losses.items():
            self.means[name].update_state(value)
        return {metric.name: metric.result() for metric in self.metrics}

    def _apply(self, gradients: Iterable[Tensor]) -> bool:
        pairs: Iterable[tuple[Tensor, keras.Variable]] = zip(gradients, self.trainable_variables, strict=True)
        if self.recommender.num_stages > 1:  # a stage need not use every variable; elsewhere Keras warns
            pairs = ((gradient, variable) for gradient, variable in pairs if gradient is not None)
        self.optimizer.apply_gradients(pairs)
        return True

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self.means.values())
