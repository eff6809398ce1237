"""What a model may want of every labelled pair beside ids: drawn with the batches, epoch by epoch."""

from typing import Protocol

import numpy as np

from tfkgrec.data.history import History


class PairInputs(Protocol):
    """A model's own inputs, one for each pair; a builder puts it on the model (`Recommender.pair_inputs`)."""

    def shapes(self) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        """Name -> shape of one pair's input and its type."""

    def draw(self, rows: dict[str, np.ndarray], history: History, seed: int, epoch: int) -> dict[str, np.ndarray]:
        """Arrays [R, M, *shape] for the pairs of `rows`, a pure function of its arguments.

        Args:
            rows: user [R], ascending; history [R, T], what is known of the user before the row; item, label [R, M].
            history: the training positives.
        """
