"""SASRec: self-attentive sequential recommendation (Kang & McAuley 2018)."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.layers.causal_block import EPSILON, CausalBlock
from tfkgrec.layers.embedding import USUAL_SPREAD, Embedding, normal_embedding
from tfkgrec.models.recommender import as_config
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


class SasrecSizes(NamedTuple):
    """Rows of the tables, row 0 (padding, unknown) included."""

    num_users: int
    num_items: int


class SasrecState(NamedTuple):
    """What does not depend on the candidate."""

    window: Tensor  # the newest items, oldest first, 0 pads on the left, int32 [G, T]
    query: Tensor  # F_n of the last block [G, d]


class SasrecExplanation(NamedTuple):
    """Where the last block looked from the newest item: no parts of the score."""

    logit: Tensor  # [B]
    history_item: Tensor  # [B, T]
    history_attention: Tensor  # 0 where padded [B, T]


@keras.saving.register_keras_serializable("tfkgrec")
class SASRec(SequentialRecommender):
    """Items and their places -> blocks of causal self-attention -> product with the item's own vector.

    1. E_t = M_{i_t} + P_t (1)                                      [B, T, d]
    2. F^b = block of F^{b-1}, F^0 = E (2-5)                        [B, T, d]
    3. s = norm(F_t) . M_i, the items' table shared (6)             [B, T, items]

    **Reading:** places are counted from the oldest item of a window, so that no earlier step is told how many come
    after; the authors' code counts from the newest. A norm after the last block, as their code has it. A step with item
    0 changes nothing; a history may hold it anywhere. Before the first item the query is a learned vector.

    Trained with the losses of protocol sequential; the paper's is the cross-entropy of a positive and one negative.

    Args:
        sizes: rows of the tables.
        dim: d.
        history_length: n, the most items that count; also the number of places.
        num_blocks: b.
        positions: False leaves P out.
        dropout: of E and in the blocks; what is dropped stays so for the whole sequence.

    Not in the paper:
        item_bias: a learned bias of every item's score.
    """

    records = {"sizes": SasrecSizes}
    state_class = SasrecState
    state_shapes = {}  # the newest items are all of the state

    def __init__(
        self,
        sizes: SasrecSizes,
        *,
        dim: int,
        history_length: int,
        num_blocks: int,
        positions: bool,
        dropout: float,
        item_bias: bool,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        self._config = as_config(locals())
        self.num_users, self.num_items = sizes
        self.dim, self.history_length, self.positions = dim, history_length, positions
        self.item_vectors = normal_embedding(self.num_items, dim, "item_vectors")  # M
        self.bias: Embedding | None = None
        if item_bias:
            self.bias = Embedding(self.num_items, 1, embeddings_initializer="zeros", name="item_bias")
        self.dropout = keras.layers.Dropout(dropout, noise_shape=(None, 1, None), name="dropout")
        self.blocks = [CausalBlock(dim, dropout, name=f"block_{n}") for n in range(num_blocks)]
        self.norm = keras.layers.LayerNormalization(epsilon=EPSILON, name="norm")

    @classmethod
    def from_settings(cls, sizes: SasrecSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named as a config has them."""
        return cls(sizes, **settings, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        self.history = self.add_table("history", (self.num_users, self.history_length))
        self.item_vectors.build(None)
        if self.bias is not None:
            self.bias.build(None)
        spread = keras.initializers.RandomNormal(stddev=USUAL_SPREAD)
        self.places: Any = None
        if self.positions:
            self.places = self.add_weight(shape=(self.history_length, self.dim), initializer=spread, name="places")
        self.no_history = self.add_weight(shape=(self.dim,), initializer="zeros", name="no_history")
        for block in self.blocks:
            block.build((None, None, self.dim))
        self.norm.build((None, None, self.dim))
        super().build(input_shape)

    # -----------------------------------------------------------------------------------------------------------------
    # the user's side

    def queries(self, history: Tensor, training: bool = False) -> Tensor:
        return self._read(history, training)[0]

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: None = None) -> SasrecState:
        if history is None:
            history = self.read_table("history", user)
        return self._state(newest(history, self.history_length))

    def advance(self, state: SasrecState, item: Tensor) -> SasrecState:
        longer = ops.concatenate([state.window, ops.cast(ops.expand_dims(item, 1), state.window.dtype)], axis=1)
        return self._state(newest(longer, self.history_length))

    def zero_state(self, users: int) -> SasrecState:
        return self._state(ops.zeros((users, self.history_length), "int32"))

    def _state(self, window: Tensor) -> SasrecState:
        return SasrecState(window, self.queries(window)[:, -1])  # a step with item 0 repeats the one before it

    def _read(self, history: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Queries [B, T, d] and the attention of the last block [B, T, T]."""
        real, step = ops.not_equal(history, 0), ops.arange(history.shape[1], dtype="int32")
        vectors = self.item_vectors(history)
        if self.places is not None:
            place = ops.clip(ops.cumsum(ops.cast(real, "int32"), axis=1) - 1, 0, self.history_length - 1)
            places = ops.multiply(ops.convert_to_tensor(self.places), 1.0)  # as Embedding reads its table
            vectors = vectors + ops.take(places, place, axis=0)
        before = ops.greater_equal(ops.expand_dims(step, 1), step)  # [T, T]: s <= t
        visible = ops.logical_and(before, ops.expand_dims(real, 1))  # [B, T, T]
        out, weight = self.dropout(vectors, training=training), None
        for block in self.blocks:
            out, weight = block(out, visible, training=training)
        newest_real = ops.max(ops.where(visible, step, -1), axis=-1)  # [B, T], -1 before the first item
        place = ops.expand_dims(ops.maximum(newest_real, 0), -1)
        found = ops.take_along_axis(self.norm(out), place, axis=1)
        nothing = ops.cast(ops.convert_to_tensor(self.no_history), found.dtype)
        return ops.where(ops.expand_dims(newest_real, -1) < 0, nothing, found), weight

    # -----------------------------------------------------------------------------------------------------------------
    # the item's side

    def item_outputs(self, item: Tensor | None = None) -> Tensor:
        """M_i, right side of eq 6."""
        return self.item_vectors.table() if item is None else self.item_vectors(item)

    def item_biases(self, item: Tensor | None = None) -> Tensor:
        if self.bias is None:
            return ops.zeros((self.num_items,)) if item is None else ops.zeros_like(ops.cast(item, self.compute_dtype))
        return ops.squeeze(self.bias.table() if item is None else self.bias(item), -1)

    def explain(self, user: Tensor, item: Tensor, tables: None = None) -> SasrecExplanation:
        window = newest(self.read_table("history", user), self.history_length)
        query, weight = self._read(window)
        logit = ops.squeeze(self.score_items(SasrecState(window, query[:, -1]), ops.expand_dims(item, 1)), 1)
        return SasrecExplanation(logit, window, weight[:, -1])

    def own_weights(self, explanation: SasrecExplanation, history: Tensor) -> Tensor:
        return explanation.history_attention

    def read_history(self, user: Tensor) -> Tensor:
        """As `explain` has it."""
        return newest(self.read_table("history", user), self.history_length)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}


def newest(history: Tensor, length: int) -> Tensor:
    """The newest `length` items of history [B, T'], oldest first, 0-padded on the left: [B, length]."""
    width = history.shape[1]
    place = ops.arange(width, dtype="int32")
    order = ops.argsort(ops.where(ops.not_equal(history, 0), place + width, place), axis=1)  # the items to the right
    moved = ops.take_along_axis(history, order, axis=1)
    return ops.pad(moved, [[0, 0], [max(length - width, 0), 0]])[:, -length:]
