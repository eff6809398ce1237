"""What a protocol of shared/design/protocols.md brings to a run: its split, its batches, its loss, its judgement."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.models.recommender import Recommender

Metrics = dict[str, dict[str, Any]]
"""part ("validation", "test") -> name -> figure."""


class Batches(Protocol):
    """All epochs of training, each a pure function of (seed, epoch)."""

    @property
    def examples(self) -> int:
        """Labelled examples of an epoch (a sequence model: predicted positions)."""

    @property
    def steps(self) -> int:
        """Batches of an epoch."""

    def batches(self, epoch: int) -> Iterator[tuple[Any, ...]]:
        """The batches of one epoch as arrays, the model's inputs first."""

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """The same as tf.data; the n-th pass is epoch `first_epoch + n`."""


class TrainingProtocol(Protocol):
    """One protocol on one dataset. What it compiles for a model it keeps."""

    @property
    def splits(self) -> Any:
        """A `History` with whatever else the protocol holds out."""

    def task(self, model: Recommender) -> keras.Model:
        """The loss around a model: a TFRS model with the attribute `recommender`."""

    def batches(self, model: Recommender) -> Batches:
        """Training data in the shapes that the model reads."""

    def validate(self, model: Recommender) -> dict[str, float]:
        """Figures of the validation split, named `val_...`; the first one chooses the epoch, higher is better."""

    def finish(self, model: Recommender) -> None:
        """What remains to be fitted once the best weights are back; may read validation, never test."""

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        """Scores [G, num_items] of every item for users [G], as evaluation ranks them; column j is item j + 1."""

    def evaluate(self, model: Recommender, top_k: bool) -> Metrics:
        """The figures of metrics.json."""

    def floors(self, names: Sequence[str], top_k: bool) -> dict[str, Metrics]:
        """The same for the floors asked for by name."""
