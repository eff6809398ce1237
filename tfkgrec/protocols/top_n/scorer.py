"""A trained model as the top-N evaluation wants it: logits of the whole catalogue."""

import numpy as np
import tensorflow as tf

from tfkgrec.models.recommender import Recommender
from tfkgrec.protocols.top_n.split import TimeSplits
from tfkgrec.types import Record

PAIRS_PER_CALL = 1 << 16


class CatalogueScorer:
    """A model's logits of the whole catalogue at once, so that a model that re-ranks sees all it may choose from.

    Args:
        model_user: as whom the model knows every user of the splits, int32 [users]; None: under the same number.
    """

    def __init__(self, model: Recommender, splits: TimeSplits, jit: bool, model_user: np.ndarray | None = None) -> None:
        self.model, self.splits, self.model_user = model, splits, model_user
        items = model.num_items - 1
        self.users = max(1, PAIRS_PER_CALL // items)
        catalogue = tf.constant(np.tile(np.arange(1, items + 1, dtype=np.int32), (self.users, 1)))

        def forward(user: tf.Tensor, history: tf.Tensor, tables: Record | None) -> tf.Tensor:
            state = model.user_state(user, history if model.history_length else None, tables)
            return model.score_items(state, catalogue)

        self._forward = tf.function(forward, jit_compile=jit)
        self._tables = tf.function(model.item_tables, jit_compile=jit)  # once for all that is asked at a time

    def score(self, user: np.ndarray, part: str) -> np.ndarray:
        """Logits float32 [G, num_items] of users [G], who are known as `part` may know them."""
        pieces, tables = [], self._tables()
        for first in range(0, len(user), self.users):
            some = user[first : first + self.users].astype(np.int32)
            filled = np.pad(some, (0, self.users - len(some)), mode="edge")
            history = self.splits.histories(part, filled, max(1, self.model.history_length))
            whom = filled if self.model_user is None else self.model_user[filled]
            pieces.append(self._forward(whom, history, tables).numpy()[: len(some)])
        return np.concatenate(pieces)
