"""What every model of the package offers: user work once, item work many (design rule 3)."""

from typing import Any

import keras
import numpy as np
from keras import ops

from tfkgrec.data.pair_inputs import PairInputs
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings

KNOTS = 32
"""Most places at which the line from logits to calibrated logits bends."""


class Recommender(keras.Model):
    """Base of all models. A subclass writes `user_state`, `score_items` and `explain`.

    Call arguments: a dict of user [G] and item [G, M], and optionally
        history [G, T]: read instead of the user's own row of the history table;
        left_out [G, M]: history slot that a training pair loses (see `layers.masked.leave_out`).
    Output: logit [G, M].
    """

    num_items: int  # rows of the item tables, row 0 included
    history_length: int = 0  # T; 0 for a model that reads no history
    reads_labels: bool = False  # in training the inputs hold label and weight [G, M], for losses beside the logit's
    num_stages: int = 1  # a model that learns in stages has more; it is used in the last one
    pair_inputs: PairInputs | None = None  # what training batches hold for it of every pair, beside ids

    @property
    def stage(self) -> int:
        """The stage the model is in, counted from 0."""
        return int(getattr(self, "_stage", self.num_stages - 1))

    def enter_stage(self, number: int) -> None:
        """What is traced from now on computes as stage `number` does."""
        self._stage = number

    def build(self, input_shape: Any = None) -> None:
        """Called by every subclass at the end of its own `build`."""
        # probability = sigmoid(scale * logit + shift + bends of the line); see training/calibration.py
        self.calibration = self.add_weight(shape=(2,), trainable=False, initializer=_identity, name="calibration")
        self.calibration_bends = self.add_weight(
            shape=(2, KNOTS), trainable=False, initializer="zeros", name="calibration_bends"
        )
        self.built = True

    def probability(self, logit: Any) -> Any:
        """Calibrated probabilities of logits of any shape."""
        logit = ops.cast(logit, self.variable_dtype)
        knot, bend = self.calibration_bends[0], self.calibration_bends[1]
        bent = ops.sum(bend * ops.relu(ops.expand_dims(logit, -1) - knot), axis=-1)
        return ops.sigmoid(self.calibration[0] * logit + self.calibration[1] + bent)

    def item_tables(self) -> dict[str, Any]:
        """What depends on items alone, for as many calls as the weights stay as they are.

        A model that has any takes them as `tables` in `user_state` and `explain`, and otherwise works out what it needs
        of them anew in every call; the answers are the same. {}: it has none.
        """
        return {}

    def user_state(self, user: Any, history: Any | None = None) -> dict[str, Any]:
        """Everything that does not depend on the candidate, once per user.

        Args:
            user: int32 [G]; 0 is a stranger.
            history: item ids int32 [G, T], 0 pads; None reads the stored history of the user.
        """
        raise NotImplementedError

    def score_items(self, state: dict[str, Any], item: Any, left_out: Any | None = None, training: bool = False) -> Any:
        """Logits [G, M] of items int32 [G, M] for the users of `state`."""
        raise NotImplementedError

    def explain(self, user: Any, item: Any) -> dict[str, Any]:
        """Inner ids and weights that say why, for pairs user [B], item [B]; keys as in the `explain` signature."""
        raise NotImplementedError

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        state = self.user_state(inputs["user"], inputs.get("history"))
        return self.score_items(state, inputs["item"], inputs.get("left_out"), training)

    def start_from(self, vectors: PretrainedEmbeddings) -> None:
        """Let the embeddings start from pre-trained vectors.

        Raises:
            InputError: the model takes none, or of another width.
        """
        raise InputError(f"pretraining: expected null for a model that takes no pre-trained vectors ({self.name})")

    def add_table(self, name: str, shape: tuple[int, ...]) -> Any:
        """A side table: int32 ids that live in the model, so that an export needs ids only (design rule 2)."""
        return self.add_weight(shape=shape, dtype="int32", trainable=False, initializer="zeros", name=name)

    def set_table(self, name: str, values: np.ndarray) -> None:
        """Fill the side table `name`."""
        table = getattr(self, name)
        if tuple(table.shape) != values.shape:
            raise ValueError(f"table `{name}` should have shape {tuple(table.shape)}. Received: {values.shape}")
        table.assign(values.astype(np.int32))

    def read_table(self, name: str, ids: Any) -> Any:
        """Rows of a side table, [*ids.shape, *row shape]."""
        return ops.take(ops.convert_to_tensor(getattr(self, name)), ids, axis=0)


def _identity(shape: Any, dtype: Any = None) -> Any:
    return ops.convert_to_tensor(np.array([1.0, 0.0]), dtype=dtype)
