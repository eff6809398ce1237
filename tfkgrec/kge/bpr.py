"""BPR matrix factorisation: user and item vectors that rank what a user has touched above what not."""

from typing import Unpack

import keras
import numpy as np
from keras import ops

from tfkgrec.data.history import History
from tfkgrec.data.negatives import draw_negatives
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.layers.embedding import Embedding
from tfkgrec.types import Config, LayerOptions, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class BprFactorization(keras.Model):
    """x_ui = u . i;  loss = mean of -log sigmoid(x_ui - x_uj) + l2 (||u||^2 + ||i||^2 + ||j||^2).

    **Reading:** no item bias, so that how popular an item is lies in its vector, for those who take over the vectors.
    Reference: Rendle et al., BPR: Bayesian Personalized Ranking from Implicit Feedback, UAI 2009, section 4.3.1.

    Args:
        num_users, num_items: rows of the tables, row 0 included.
        seed: fixes the initial vectors.
    """

    def __init__(
        self, num_users: int, num_items: int, dim: int, l2: float = 5e-3, seed: int = 0, **kwargs: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**kwargs)
        self.num_users, self.num_items, self.dim, self.l2, self.seed = num_users, num_items, dim, l2, seed
        self.user, self.item = self._table("user", num_users, 0), self._table("item", num_items, 1)
        self.built = True

    def _table(self, name: str, rows: int, number: int) -> Embedding:
        seed = int(np.random.default_rng([self.seed, 9, number]).integers(2**31))
        table = Embedding(rows, self.dim, keras.initializers.RandomNormal(stddev=0.1, seed=seed), name=name)
        table.build(None)
        return table

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> tuple[Tensor, Tensor]:
        """Score differences x_ui - x_uj [B] and squared lengths [B]: user, item, other int [B]."""
        user, item, other = self.user(inputs["user"]), self.item(inputs["item"]), self.item(inputs["other"])
        difference = ops.sum(user * (item - other), axis=-1)
        return difference, sum(ops.sum(ops.square(vectors), axis=-1) for vectors in (user, item, other))

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Mean over the triples of weight 1."""
        difference, length = y_pred
        weight = x["weight"]  # [B]
        return ops.sum(weight * (ops.softplus(-difference) + self.l2 * length)) / ops.maximum(ops.sum(weight), 1.0)

    def get_config(self) -> Config:
        names = ("num_users", "num_items", "dim", "l2", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """User [num_users, d] and item [num_items, d] vectors, float32; zeros for who has no training positive."""
        user, item = (ops.convert_to_numpy(table.embeddings) for table in (self.user, self.item))
        return user, item


class PairBatches(keras.utils.PyDataset):
    """Every training positive once an epoch, shuffled, each with an item that the user has no training positive for.

    A batch is ({user, item, other int32 [B]; weight float32 [B]},), a pure function of (seed, epoch); slots that fill
    up the last batch have weight 0. Users who have touched everything are left out.

    Args:
        history: the training positives.
        num_item_rows: rows of a table over the items, row 0 included.
    """

    def __init__(self, history: History, num_item_rows: int, batch_size: int, seed: int) -> None:
        super().__init__()
        self.items, self.offsets, self.num_items, self.seed = history.items, history.offsets, num_item_rows - 1, seed
        self.counts = history.lengths
        self.user = np.repeat(np.arange(len(self.counts)), self.counts)
        self.forbidden = np.unique(pair_keys(self.user, history.items, num_item_rows))
        self._steps = max(1, -(-len(self.items) // batch_size))
        self._batch = -(-len(self.items) // self._steps)
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray]]:
        rows = slice(index * self._batch, (index + 1) * self._batch)
        return ({name: array[rows] for name, array in self._arrays.items()},)

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        self._epoch += 1
        self._arrays = self.epoch(self._epoch)

    def epoch(self, number: int) -> dict[str, np.ndarray]:
        """All batches of an epoch, one after the other."""
        rng = np.random.default_rng([self.seed, 10, number])
        owner, drawn = draw_negatives(self.counts, self.forbidden, self.num_items, rng)
        available = np.bincount(owner, minlength=len(self.counts))
        start = np.cumsum(available) - available
        place = np.arange(len(self.items)) - self.offsets[self.user]
        # Who has touched most of the catalogue gets the few other items several times.
        usable = np.flatnonzero(available[self.user])
        user = self.user[usable]
        other = drawn[start[user] + place[usable] % available[user]]
        order = rng.permutation(len(usable))
        arrays = {"user": user[order], "item": self.items[usable][order], "other": other[order]}
        arrays["weight"] = np.ones(len(usable), np.float32)
        fill = self._steps * self._batch - len(usable)
        return {
            name: np.pad(array.astype(np.float32 if name == "weight" else np.int32), (0, fill))
            for name, array in arrays.items()
        }
