"""Training batches of whole sequences: one row holds up to T positions, each of which predicts an item after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import tensorflow as tf

from tfkgrec.data.epoch_dataset import batches_of, epochs_dataset
from tfkgrec.data.history import History
from tfkgrec.data.negatives import draw_untouched
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.protocols.sequential.split import SequenceSplits

Stacked = tuple[dict[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Windows:
    """The training sequences cut into rows of at most T positions, from the newest backwards; no position twice.

    Attributes:
        user: int32 [rows].
        history: int32 [rows, T], the items read, 0-padded on the right; a row that predicts its user's first item
            begins with 0, the empty history.
        target: int32 [rows, T], the item after each; 0 pads.
        place: int64 [rows, T], where in `items` that item is.
        coming: int64 [rows, T], how many items of the user are still to come, it included; 0 pads.
    """

    user: np.ndarray
    history: np.ndarray
    target: np.ndarray
    place: np.ndarray
    coming: np.ndarray


def cut_windows(history: History, length: int, predict_first: bool = False) -> Windows:
    """Rows for every user's sequence; each row starts with an empty memory of what came before.

    Args:
        length: T.
        predict_first: whether the first item of a user is predicted, too, from nothing.
    """
    items, offsets = history.items, history.offsets
    skipped = 0 if predict_first else 1
    positions = np.maximum(np.diff(offsets) - skipped, 0)  # predicted, per user
    rows = -(-positions // length)
    user = np.repeat(np.arange(len(rows)), rows)
    back = np.arange(len(user)) - np.repeat(np.cumsum(rows) - rows, rows)  # 0 is the newest row of its user
    end = positions[user] - back * length
    start = np.maximum(end - length, 0)
    step = np.arange(length)
    real = step < (end - start)[:, None]
    at = offsets[user][:, None] + skipped + start[:, None] + step  # position of the target
    last = max(len(items) - 1, 0)
    target = np.where(real, items[np.minimum(at, last)], 0)
    before = np.where(real & (at > offsets[user][:, None]), items[np.clip(at - 1, 0, last)], 0)
    coming = np.where(real, offsets[user + 1][:, None] - at, 0)
    return Windows(user.astype(np.int32), before.astype(np.int32), target.astype(np.int32), at, coming)


@dataclass(frozen=True)
class SequenceBatches:
    """All epochs of training under sequential, each a pure function of (seed, epoch).

    A batch is (inputs, weight [B, T]); inputs are history [B, T], positive [B, T] (an item after each), and
        negative [B, T, K] for "bpr": items that the user has not touched in training;
        negative [N] for "sampled_softmax": shared by the whole batch, uniform over the catalogue;
        nothing more for "softmax".
    Negatives exclude training items only: to exclude what is held out would tell it away.

    Attributes:
        rows_per_batch: B.
        length: T.
        loss: "bpr", "sampled_softmax" or "softmax".
        num_negatives: K or N.
        predict_first: as in `cut_windows`.
        target: "next", the item that came next; "any_future", any that came later, drawn again every epoch.
        users: whose sequences these are, bool [users]; None: everybody's.
        shared_seed: of what a batch has in common, whoever's rows are in it; None: `seed`.
    """

    splits: SequenceSplits
    rows_per_batch: int
    length: int
    loss: str
    num_negatives: int
    seed: int
    predict_first: bool = False
    target: str = "next"
    users: np.ndarray | None = None
    shared_seed: int | None = None

    @property
    def shared(self) -> tuple[str, ...]:
        """Inputs of a batch that no row of it owns."""
        return ("negative",) if self.loss == "sampled_softmax" else ()

    @cached_property
    def history(self) -> History:
        """The training sequences of the users whose batches these are."""
        return self.splits.train_history.only(self.users)

    @cached_property
    def windows(self) -> Windows:
        return cut_windows(self.history, self.length, self.predict_first)

    @cached_property
    def examples(self) -> int:
        """Predicted positions of an epoch."""
        return int(np.count_nonzero(self.windows.target))

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last one is filled up with empty rows."""
        return -(-len(self.windows.user) // self.rows_per_batch)

    @cached_property
    def _touched(self) -> np.ndarray:
        return np.sort(pair_keys(self.history.users(), self.history.items, self.splits.num_item_rows))

    def stacked(self, epoch: int) -> Stacked:
        """(inputs, weight [steps, B, T]) of one epoch; inputs have the same leading dimension."""
        windows, rng = self.windows, np.random.default_rng([self.seed, 3, epoch])
        order = np.full((self.steps, self.rows_per_batch), -1)
        order.flat[: len(windows.user)] = rng.permutation(len(windows.user))
        real = order >= 0

        def rows(of: np.ndarray) -> np.ndarray:
            return np.where(real.reshape(real.shape + (1,) * (of.ndim - 1)), of[order], 0)

        inputs = {"history": rows(windows.history), "positive": rows(self._targets(epoch))}
        rng, top = np.random.default_rng([self.seed, 2, epoch]), self.splits.num_item_rows - 1
        if self.loss == "bpr":
            user = np.broadcast_to(rows(windows.user)[..., None, None], (*inputs["positive"].shape, self.num_negatives))
            inputs["negative"] = draw_untouched(user, self._touched, top, rng) * (inputs["positive"] > 0)[..., None]
        elif self.loss == "sampled_softmax":
            rng = rng if self.shared_seed is None else np.random.default_rng([self.shared_seed, 2, epoch])
            inputs["negative"] = rng.integers(1, top + 1, (self.steps, self.num_negatives), np.int32)
        return inputs, (inputs["positive"] > 0).astype(np.float32)

    def _targets(self, epoch: int) -> np.ndarray:
        """What every position predicts in this epoch, int32 [rows, T]; 0 pads."""
        windows = self.windows
        if self.target == "next":
            return windows.target
        ahead = np.random.default_rng([self.seed, 4, epoch]).integers(np.maximum(windows.coming, 1))
        items = self.history.items
        later = items[np.minimum(windows.place + ahead, len(items) - 1)]
        return np.where(windows.coming > 0, later, 0).astype(np.int32)

    def batches(self, epoch: int) -> Iterator[Stacked]:
        """(inputs, weight [B, T]) of every step of one epoch."""
        yield from batches_of(self.stacked(epoch))

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """A tf.data.Dataset whose n-th pass is epoch `first_epoch + n`; shapes are fixed, as XLA likes them."""
        shapes = {"history": [], "positive": [], "negative": [self.num_negatives]}
        if self.loss == "softmax":
            del shapes["negative"]
        rows = [self.rows_per_batch, self.length]
        inputs = {
            name: tf.TensorSpec(more if name == "negative" and self.loss != "bpr" else rows + more, tf.int32)
            for name, more in shapes.items()
        }
        return epochs_dataset(self.stacked, (inputs, tf.TensorSpec(rows, tf.float32)), self.steps, first_epoch)
