"""A trained model as a `Scorer`: pairs and catalogues through `user_state` and `score_items`."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tfkgrec.data.grouping import group_pairs
from tfkgrec.data.history import window
from tfkgrec.data.records import Interactions
from tfkgrec.data.widths import parts, powers_of
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.models.recommender import Recommender
from tfkgrec.types import Record, Tensor

PAIRS_PER_CALL = 8192
CATALOGUE_PAIRS_PER_CALL = 1 << 15
"""Of a few users with many items each: more at a time, as a pair takes less memory where the user's part is shared."""

OfPairs: TypeAlias = Callable[[Record, Tensor], Tensor]


class ModelScorer:
    """Scores pairs in fixed shapes, grouped by user.

    Args:
        model: a built `Recommender`.
        jit_compile: compile the forward pass with XLA.
        items_per_row: width of the grouped layout.
        of_pairs: what `logits` works out of (state, items [G, M]); None: the model's `score_items`.
    """

    def __init__(
        self, model: Recommender, jit_compile: bool = True, items_per_row: int = 16, of_pairs: OfPairs | None = None
    ) -> None:
        self.model, self.items_per_row = model, items_per_row
        self.whole = None if model.whole_histories is None else model.stored_histories()

        scored = of_pairs or model.score_items

        def forward(
            user: tf.Tensor, item: tf.Tensor, tables: Record | None, history: tf.Tensor | None = None
        ) -> tf.Tensor:
            return scored(model.user_state(user, history, tables=tables), item)  # logit [G, M]

        unknown_widths = self.whole is None and model.ragged  # of a member's, that the model reads by itself
        self._forward = tf.function(forward, jit_compile=jit_compile and not unknown_widths)
        self._tables = tf.function(model.item_tables, jit_compile=jit_compile)  # once for all that is asked at a time

    def score(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Probabilities [n] of pairs user [n], item [n]; float64, since in float32 confident pairs are 1 and tie."""
        scale, shift = np.asarray(self.model.calibration, np.float64)
        logit = self.logits(user, item)
        calibrated = scale * logit + shift
        for knot, bend in np.asarray(self.model.calibration_bends, np.float64).T:
            calibrated += bend * np.maximum(logit - knot, 0)
        probability: np.ndarray = 1 / (1 + np.exp(-np.clip(calibrated, -700, 700)))
        return probability

    def logits(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """The model's logits [n], before calibration; of a model that gives several figures for a pair [n, ...]."""
        pairs = Interactions(user, item, np.ones(len(user), np.float32))
        layout, m = group_pairs(pairs, self.items_per_row), self.items_per_row
        found, tables = None, self._tables()
        for which, rows, width in self._parts(layout.user, max(1, PAIRS_PER_CALL // m)):
            count = len(which)
            padded_user, padded_item = np.zeros(rows, np.int32), np.zeros((rows, m), np.int32)
            padded_user[:count], padded_item[:count] = layout.user[which], layout.item[which]
            real, source = layout.source[which] >= 0, layout.source[which]
            history = self._history(padded_user, width)
            scored = self._forward(padded_user, padded_item, tables, history).numpy()  # [rows, m, ...]
            if found is None:
                found = np.zeros((len(user), *scored.shape[2:]))
            found[source[real]] = scored[:count][real]
        return np.zeros(0) if found is None else found

    def score_catalogue(self, user: np.ndarray) -> np.ndarray:
        """Logits [G, num_items] of every item for users [G]: the order of the probabilities; column j is item j + 1."""
        items = self.model.num_items - 1
        chunk = -(-items // -(-items // CATALOGUE_PAIRS_PER_CALL))  # equal parts, so that little is padding
        tables, result = self._tables(), np.empty((len(user), items), np.float32)
        for which, rows, width in self._parts(user, max(1, min(len(user), CATALOGUE_PAIRS_PER_CALL // chunk))):
            padded = np.zeros(rows, np.int32)  # fixed shapes: the last users and items are padded
            padded[: len(which)] = user[which]
            history = self._history(padded, width)
            for start in range(0, items, chunk):
                item = np.arange(start + 1, start + chunk + 1, dtype=np.int32)
                item[item > items] = 0
                logits = self._forward(padded, np.broadcast_to(item, (rows, chunk)), tables, history).numpy()
                result[which, start : start + chunk] = logits[: len(which), : items - start]
        return result

    def _parts(self, user: np.ndarray, rows: int) -> Iterator[tuple[np.ndarray, int, int]]:
        """Which of the rows of users [R] are asked about at a time, of how many with padding, how wide their histories.

        Without whole histories, which a model reads by itself, all are of one width.
        """
        if self.whole is None:
            for start in range(0, len(user), rows):
                yield np.arange(start, min(start + rows, len(user))), rows, 0
            return
        lengths = self.whole.lengths
        order = np.argsort(-powers_of(lengths[user]), kind="stable")
        for part in parts(lengths[user][order], int(lengths.max()), rows):
            yield order[part.start : part.start + part.rows], part.rows, part.width

    def _history(self, user: np.ndarray, width: int) -> np.ndarray | None:
        """The whole histories of users [R], int32 [R, width]; None: the model reads its own."""
        if self.whole is None:
            return None
        return window(self.whole.items, self.whole.offsets[user], self.whole.lengths[user], width)

    def as_scorer(self) -> Scorer:
        """What `evaluate_scorer` takes."""
        return Scorer(self.score, self.score_catalogue, probability=True)
