"""Training on whole sequences under `tfrs.tasks.Ranking`: which of some items comes next, at every position at once."""

from typing import Unpack

import keras
import tensorflow as tf
import tensorflow_recommenders as tfrs

from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.tasks.finite_step import FiniteStepModel
from tfkgrec.types import LayerOptions, Record

LOSSES = ("bpr", "sampled_softmax", "softmax")


class SequentialModel(FiniteStepModel):
    """A `SequentialRecommender` under `tfrs.tasks.Ranking`.

    Batches are (inputs, weight [B, T]), as `data.sequence_batches.SequenceBatches` makes them for the loss:

        "bpr" (the paper's, eq 11): -log sigmoid(s(i) - s(j)), the mean over a position's negatives j. For TFRS Ranking
            that is the binary cross-entropy of the difference, with label 1.
        "sampled_softmax": cross-entropy of the positive among itself and the batch's shared negatives.
        "softmax": cross-entropy of the positive among all items.

    The loss is the mean over predicted positions (weight 1).
    """

    def __init__(self, recommender: SequentialRecommender, loss: str, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(recommender, **kwargs)
        if loss not in LOSSES:
            raise ValueError(f"`loss` should be one of {LOSSES}. Received: {loss!r}")
        self.loss_name = loss
        kind = keras.losses.BinaryCrossentropy if loss == "bpr" else keras.losses.SparseCategoricalCrossentropy
        self.task = tfrs.tasks.Ranking(loss=kind(from_logits=True, reduction="mean_with_sample_weight"))

    def compute_loss(self, inputs: Record, training: bool = False) -> tf.Tensor:
        features, weight = inputs
        logit = self(features, training=training)
        if self.loss_name == "bpr":
            logit = logit[..., :1] - logit[..., 1:]  # [B, T, K]
            label = tf.ones_like(logit)
        elif self.loss_name == "sampled_softmax":
            label = tf.zeros_like(features["positive"])  # the positive stands first
        else:
            label = tf.maximum(features["positive"] - 1, 0)
        return self.task(labels=label, predictions=logit, sample_weight=weight)
