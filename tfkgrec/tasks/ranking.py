"""The one module that knows TensorFlow Recommenders.

tensorflow-recommenders 0.7.3 is pinned: later versions refuse to import under Keras 3, this one works as it is for what
is used here (shared/design/stack.md): `tfrs.Model` and `tfrs.tasks.Ranking`. tests/tasks/test_ranking.py goes red the
day that changes.
"""

from typing import Any

import keras
import tensorflow as tf
import tensorflow_recommenders as tfrs

from tfkgrec.models.recommender import Recommender


class RankingModel(tfrs.Model):
    """A `Recommender` under `tfrs.tasks.Ranking`, for click-through training on grouped batches.

    Batches are (inputs, label [G, M, 1], weight [G, M]). The loss is the binary cross-entropy of the logits, averaged
    over the real pairs (weight 1). Logged as means over the epoch: `loss` (total), `task_loss`, `regularization_loss`,
    `auc` (binned; the exact AUC of the validation split is the trainer's business).

    A step whose loss is not finite changes nothing, so that the weights which led to it can be examined.
    """

    def __init__(self, recommender: Recommender, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recommender = recommender
        # Mean over weights, not over slots: padding must not dilute the loss.
        loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
        self.train_auc = keras.metrics.AUC(from_logits=True, name="auc")
        self.task = tfrs.tasks.Ranking(loss=loss, metrics=[self.train_auc])
        self.means = {name: keras.metrics.Mean(name=name) for name in ("loss", "task_loss", "regularization_loss")}
        self.built = True

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        return self.recommender(inputs, training=training)

    def compute_loss(self, inputs: Any, training: bool = False) -> tf.Tensor:
        features, label, weight = inputs
        if training and self.recommender.reads_labels:
            features = {**features, "label": label[..., 0], "weight": weight}
        logit = self(features, training=training)
        return self.task(labels=label, predictions=logit[..., None], sample_weight=weight)

    def train_step(self, inputs: Any) -> dict[str, tf.Tensor]:
        """As `tfrs.Model.train_step`, but with epoch means, and holding still on a non-finite loss or gradient."""
        with tf.GradientTape() as tape:
            task_loss = self.compute_loss(inputs, training=True)
            regularization_loss = tf.add_n(self.losses) if self.losses else tf.constant(0.0)
            loss = task_loss + regularization_loss
        gradients = tape.gradient(loss, self.trainable_variables)
        healthy = tf.math.is_finite(loss + tf.linalg.global_norm(gradients))
        tf.cond(healthy, lambda: self._apply(gradients), lambda: False)
        loss = tf.where(healthy, loss, float("nan"))  # a non-finite gradient shows, too
        values = {"loss": loss, "task_loss": task_loss, "regularization_loss": regularization_loss}
        for name, value in values.items():
            self.means[name].update_state(value)
        logs = {name: metric.result() for name, metric in self.means.items()}
        return {**logs, "auc": self.train_auc.result()}

    def _apply(self, gradients: Any) -> bool:
        pairs = zip(gradients, self.trainable_variables, strict=True)
        if self.recommender.num_stages > 1:  # a stage need not use every variable; elsewhere Keras warns
            pairs = ((gradient, variable) for gradient, variable in pairs if gradient is not None)
        self.optimizer.apply_gradients(pairs)
        return True

    @property
    def metrics(self) -> list[Any]:
        return [*self.means.values(), self.train_auc]
