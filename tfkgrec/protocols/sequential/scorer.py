"""A trained model as the sequential evaluation wants it: scores of the catalogue by the users' histories."""

import numpy as np
import tensorflow as tf

from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.protocols.sequential.split import SequenceSplits


class SequenceScorer:
    """A trained model's scores of the catalogue, for users by their histories, `batch_users` at a time."""

    def __init__(self, model: SequentialRecommender, splits: SequenceSplits, batch_users: int, jit: bool) -> None:
        self.model, self.splits, self.batch_users = model, splits, batch_users
        spec = tf.TensorSpec([batch_users, model.history_length], tf.int32)

        def forward(history: tf.Tensor) -> tf.Tensor:
            query = model.user_state(tf.zeros([batch_users], tf.int32), history).query
            return tf.matmul(query, model.item_outputs()[1:], transpose_b=True) + model.item_biases()[1:]

        def figures(history: tf.Tensor) -> dict[str, tf.Tensor]:
            return model.memory_figures(history)

        self._forward = tf.function(forward, [spec], jit_compile=jit)
        self._figures = tf.function(figures, [spec], jit_compile=jit)

    def score(self, user: np.ndarray, part: str) -> np.ndarray:
        """Scores float32 [G, num_items] of users [G] who are asked for `part`; column j is item j + 1."""
        pieces = []
        for first in range(0, len(user), self.batch_users):
            some = user[first : first + self.batch_users]
            pieces.append(self._forward(self._histories(some, part)).numpy()[: len(some)])
        return np.concatenate(pieces)

    def memory_figures(self, user: np.ndarray) -> dict[str, float]:
        """Averages over a batch of users, of their memories before the validation item."""
        if "memory" not in self.model.state_shapes:
            return {}
        some = np.resize(user, self.batch_users)
        return {name: float(value) for name, value in self._figures(self._histories(some, "validation")).items()}

    def _histories(self, user: np.ndarray, part: str) -> np.ndarray:
        filled = np.pad(user, (0, self.batch_users - len(user)), mode="edge")
        return self.splits.histories(part, filled, self.model.history_length)
