"""What a protocol (docs/protocols.md) brings to a run: its split, its batches, its loss, its judgement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.config import TrainingConfig
from tfkgrec.data.history import History
from tfkgrec.data.shards import EVERYBODY, Shard
from tfkgrec.models.recommender import Recommender

Metrics = dict[str, dict[str, Any]]
"""part ("validation", "test") -> name -> figure."""


Figures = Mapping[str, float | Mapping[str, float]]
"""name -> figure; those of a set of candidates under its name."""


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


class Splits(Protocol):
    """What a protocol's split has, whatever else it holds out."""

    @property
    def train_history(self) -> History:
        """The training positives of every user: all that models learn from."""

    @property
    def model_history(self) -> History:
        """What the saved model reads: all that was known of a user when test was judged, and nothing of test.

        So an export starts from the histories that the test figures were measured with. What a user has taken since
        then comes with a request (`recommend_for_history`, `advance`).
        """

    @property
    def num_item_rows(self) -> int:
        """Rows of a table over the items, row 0 included."""

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Part ("train", "validation", "test") -> what -> how many."""

    @property
    def report(self) -> Sequence[str]:
        """Lines that say what the split dropped."""


class TrainingProtocol(Protocol):
    """One protocol on one dataset. What it compiles for a model it keeps."""

    @property
    def splits(self) -> Splits: ...

    @property
    def training(self) -> TrainingConfig:
        """The settings, with what they leave to the data decided."""

    @property
    def test_scores(self) -> Mapping[str, np.ndarray]:
        """What `evaluate` judged test by last, user by user or pair by pair: the arrays of test_scores.npz.

        A protocol of another package may go without; its runs are then compared over seeds alone.
        """

    def task(self, model: Recommender) -> keras.Model:
        """The loss around a model: a TFRS model with the attribute `recommender`."""

    def batches(self, model: Recommender, shard: Shard = EVERYBODY) -> Batches:
        """Training data in the shapes that the model reads: of all users, or of a shard.

        The trainer names no shard but where `training.shards` is more than one.
        """

    def validate(self, model: Recommender) -> dict[str, float]:
        """Figures of the validation split, named `val_...`; the first one chooses the epoch, higher is better."""

    def finalize(self, model: Recommender) -> None:
        """Once the best weights are back: fit what remains, and let the model read `model_history` from now on.

        May read validation, never test.
        """

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        """Scores [G, num_items] of every item for users [G], as evaluation ranks them; column j is item j + 1."""

    def evaluate(self, model: Recommender) -> Metrics:
        """The figures of metrics.json."""

    def baselines(self, names: Sequence[str]) -> dict[str, Metrics]:
        """The same for the baselines asked for by name (the key `floors` of metrics.json)."""


class JudgeOfOthers(Protocol):
    """One protocol's question about other data than the run's, and its judgement."""

    @property
    def baselines(self) -> Sequence[str]:
        """Those that only count, and count what the run's data hold."""

    @property
    def asked(self) -> np.ndarray:
        """The users who are asked about, int32 [n], as `OtherData` numbers them."""

    def model(self, model: Recommender) -> Figures:
        """What metrics.json calls `test`."""

    def baseline(self, name: str) -> Figures:
        """The same for one of the baselines."""
