"""Click-through training on grouped batches, under `tfrs.tasks.Ranking`."""

from typing import Unpack

import keras
import tensorflow as tf
import tensorflow_recommenders as tfrs

from tfkgrec.models.recommender import Recommender
from tfkgrec.tasks.finite_step import FiniteStepModel
from tfkgrec.types import LayerOptions, Record


class RankingModel(FiniteStepModel):
    """A `Recommender` under `tfrs.tasks.Ranking`, for click-through training on grouped batches.

    Batches are (inputs, label [G, M, 1], weight [G, M]). The loss is the binary cross-entropy of the logits, averaged
    over the real pairs (weight 1). Logged as means over the epoch: `loss` (total), `task_loss`, `regularization_loss`,
    `auc` (binned; the exact AUC of the validation split is the trainer's business).

    A step whose loss is not finite changes nothing, so that the weights which led to it can be examined.
    """

    def __init__(self, recommender: Recommender, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(recommender, **kwargs)
        # Mean over weights, not over slots: padding must not dilute the loss.
        loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
        self.train_auc = keras.metrics.AUC(from_logits=True, name="auc")
        self.task = tfrs.tasks.Ranking(loss=loss, metrics=[self.train_auc])

    def compute_loss(self, inputs: Record, training: bool = False) -> tf.Tensor:
        features, label, weight = inputs
        if training and self.recommender.reads_labels:
            features = {**features, "label": label[..., 0], "weight": weight}
        logit = self(features, training=training)
        return self.task(labels=label, predictions=logit[..., None], sample_weight=weight)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [*super().metrics, self.train_auc]
