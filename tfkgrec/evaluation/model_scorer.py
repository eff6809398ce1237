"""A trained model as a `Scorer`: pairs and catalogues through `user_state` and `score_items`."""

import numpy as np
import tensorflow as tf

from tfkgrec.data.pipeline import GroupedPairs, group_pairs
from tfkgrec.data.records import Interactions
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.models.recommender import Recommender

PAIRS_PER_CALL = 8192


class ModelScorer:
    """Scores pairs in fixed shapes, grouped by user; remembers the layout of the pair sets it has seen.

    Args:
        model: a built `Recommender`.
        jit_compile: compile the forward pass with XLA.
        items_per_row: width of the grouped layout.
    """

    def __init__(self, model: Recommender, jit_compile: bool = True, items_per_row: int = 16) -> None:
        self.model, self.items_per_row = model, items_per_row
        self._layouts: dict[int, tuple[np.ndarray, GroupedPairs]] = {}

        @tf.function(jit_compile=jit_compile)
        def forward(user: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
            return tf.sigmoid(model({"user": user, "item": item}, training=False))

        self._forward = forward

    def score(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Probabilities [n] of pairs user [n], item [n]."""
        layout, m = self._layout(user, item), self.items_per_row
        rows = max(1, PAIRS_PER_CALL // m)
        result = np.zeros(len(user), np.float32)
        for start in range(0, len(layout.user), rows):
            part = slice(start, start + rows)
            count = len(layout.user[part])
            padded_user, padded_item = np.zeros(rows, np.int32), np.zeros((rows, m), np.int32)
            padded_user[:count], padded_item[:count] = layout.user[part], layout.item[part]
            real = layout.source[part] >= 0
            probability = self._forward(padded_user, padded_item).numpy()[:count]
            result[layout.source[part][real]] = probability[real]
        return result

    def score_catalogue(self, user: np.ndarray) -> np.ndarray:
        """Probabilities [G, num_items] of every item for users [G]; column j is item j + 1."""
        items = self.model.num_items - 1
        chunk = min(items, max(1, 4 * PAIRS_PER_CALL // max(1, len(user))))
        result = np.empty((len(user), items), np.float32)
        for start in range(0, items, chunk):
            item = np.arange(start + 1, start + chunk + 1)
            item[item > items] = 0  # fixed shapes: the last chunk is padded
            ids = np.broadcast_to(item.astype(np.int32), (len(user), chunk))
            result[:, start : start + chunk] = self._forward(user.astype(np.int32), ids)[:, : items - start]
        return result

    def as_scorer(self) -> Scorer:
        return Scorer(self.score, self.score_catalogue, probability=True)

    def _layout(self, user: np.ndarray, item: np.ndarray) -> GroupedPairs:
        known = self._layouts.get(id(user))
        if known is not None and known[0] is user:
            return known[1]
        layout = group_pairs(Interactions(user, item, np.ones(len(user), np.float32)), self.items_per_row)
        self._layouts[id(user)] = (user, layout)
        return layout
