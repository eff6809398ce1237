"""Training batches of top-N recommendation: rows of a stretch of one user's ratings, and as many unrated items."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from tfkgrec.data.epoch_dataset import batches_of, epochs_dataset
from tfkgrec.data.history import History, window
from tfkgrec.data.negatives import draw_negatives
from tfkgrec.data.pair_inputs import PairInputs
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.protocols.top_n.split import TimeSplits

Stacked = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]


@dataclass(frozen=True)
class TimeBatches:
    """All epochs of top-N training, each a pure function of (seed, epoch).

    A batch is (inputs, label [G, M, 1], weight [G, M]); inputs are user [G], history [G, T] (what the user took just
    before the row's ratings, so no pair of the row is in it, and all pairs see the same), item [G, M] and what the
    model wants of every pair beside (`pair_inputs`). The first M / 2 items are ratings that follow each other, the
    others are drawn from all items that the user has no training rating of.

    Attributes:
        batch_size: labelled pairs a step (padding included), G = batch_size // items_per_user.
        items_per_user: M, even.
        history_length: T; 0: no history.
        negatives: "fixed" (drawn once) or "fresh" (again every epoch).
        unknown_user_rate: share of rows whose user id is hidden (0), so that the model learns to serve unknown users.
        users: whose ratings these are, bool [users]; None: everybody's.
    """

    splits: TimeSplits
    batch_size: int
    items_per_user: int
    history_length: int
    negatives: str
    seed: int
    unknown_user_rate: float = 0.0
    pair_inputs: PairInputs | None = None
    users: np.ndarray | None = None

    @cached_property
    def history(self) -> History:
        """The training ratings of the users whose batches these are."""
        return self.splits.train_history.only(self.users)

    @property
    def rows_per_batch(self) -> int:
        return max(1, self.batch_size // self.items_per_user)

    @property
    def examples(self) -> int:
        """Labelled pairs of an epoch."""
        return int(np.count_nonzero(self.rows(0)["item"]))

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last one is filled up with empty rows."""
        return -(-len(self._start[0]) // self.rows_per_batch)

    @cached_property
    def _start(self) -> tuple[np.ndarray, np.ndarray]:
        """User and position in the history's items of every row's first rating."""
        stretch = self.items_per_user // 2
        rows = -(-self.history.lengths // stretch)
        user = np.repeat(np.arange(len(rows)), rows)
        number = np.arange(len(user)) - np.repeat(np.cumsum(rows) - rows, rows)
        return user, self.history.offsets[user] + stretch * number

    def rows(self, epoch: int) -> dict[str, np.ndarray]:
        """One epoch, user by user: user [R], history [R, T], item [R, M], label [R, M]; item 0 pads."""
        known, stretch = self.history, self.items_per_user // 2
        user, start = self._start
        begin, end = known.offsets[user], known.offsets[user + 1]
        count = np.minimum(end - start, stretch)
        positive = window(known.items, start, count, stretch)  # [R, M / 2]
        before = np.minimum(start - begin, self.history_length)
        history = window(known.items, start - before, before, max(self.history_length, 1))
        negative = np.zeros_like(positive)
        real = positive > 0
        negative[real] = self._draw(0 if self.negatives == "fixed" else epoch)  # row by row: the ratings' own order
        label = np.concatenate([real, np.zeros_like(real)], axis=1).astype(np.float32)
        return {
            "user": user.astype(np.int32),
            "history": history,
            "item": np.concatenate([positive, negative], axis=1),
            "label": label,
        }

    def _draw(self, epoch: int) -> np.ndarray:
        """An unrated item for every training rating, in their order; 0 where a user has too few."""
        known, rows = self.history, self.splits.num_item_rows
        forbidden = np.sort(pair_keys(known.users(), known.items, rows))
        rng = np.random.default_rng([self.seed, 2, epoch])
        user, item = draw_negatives(known.lengths, forbidden, rows - 1, rng)
        drawn = np.zeros(len(known.items), np.int32)
        place = np.arange(len(user)) - np.searchsorted(user, user)
        drawn[known.offsets[user] + place] = item
        return drawn

    def stacked(self, epoch: int) -> Stacked:
        """(inputs, label [steps, G, M, 1], weight [steps, G, M]) of one epoch."""
        columns = self.rows(epoch)
        if self.pair_inputs is not None:
            columns |= self.pair_inputs.draw(columns, self.splits.train_history, self.seed, epoch)
        rng, rows = np.random.default_rng([self.seed, 3, epoch]), len(columns["user"])
        hidden = rng.random(rows) < self.unknown_user_rate
        columns["user"] = np.where(hidden, 0, columns["user"]).astype(np.int32)
        if not self.history_length:
            del columns["history"]
        order = rng.permutation(rows)
        missing = self.steps * self.rows_per_batch - rows

        def laid_out(column: np.ndarray) -> np.ndarray:
            filled = np.concatenate([column[order], np.zeros((missing, *column.shape[1:]), column.dtype)])
            return filled.reshape(self.steps, self.rows_per_batch, *column.shape[1:])

        columns = {name: laid_out(column) for name, column in columns.items()}
        label = columns.pop("label")
        return columns, label[..., None], (columns["item"] > 0).astype(np.float32)

    def batches(self, epoch: int) -> Iterator[Any]:
        """(inputs, label [G, M, 1], weight [G, M]) of every step of one epoch."""
        return batches_of(self.stacked(epoch))

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """A tf.data.Dataset whose n-th pass is epoch `first_epoch + n`."""
        g, m = self.rows_per_batch, self.items_per_user
        inputs = {"user": tf.TensorSpec([g], tf.int32), "item": tf.TensorSpec([g, m], tf.int32)}
        if self.history_length:
            inputs["history"] = tf.TensorSpec([g, self.history_length], tf.int32)
        if self.pair_inputs is not None:
            for name, (shape, dtype) in self.pair_inputs.shapes().items():
                inputs[name] = tf.TensorSpec([g, m, *shape], tf.as_dtype(dtype))
        signature = (inputs, tf.TensorSpec([g, m, 1], tf.float32), tf.TensorSpec([g, m], tf.float32))
        return epochs_dataset(self.stacked, signature, self.steps, first_epoch)
