"""NeuMF: generalised matrix factorisation and a perceptron, fused: a baseline of the papers' tables.

X. He et al., Neural Collaborative Filtering, WWW 2017, section 3.4.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.layers.embedding import Embedding, normal_embedding
from tfkgrec.layers.pair_squares import pair_squares
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.mf.model import MatrixSizes
from tfkgrec.models.recommender import Recommender, as_config
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


class NeumfTables(NamedTuple):
    """What depends on items alone."""

    hidden: Tensor  # the item's part of the first hidden layer [items, h]


class NeumfState(NamedTuple):
    """What does not depend on the candidate."""

    product: Tensor  # p^G [G, d]
    vector: Tensor  # p^M [G, e]
    hidden: Tensor  # the user's part of the first hidden layer [G, h]
    items: Tensor | None  # `NeumfTables.hidden`; None: to be worked out for each candidate


@keras.saving.register_keras_serializable("tfkgrec")
class NeuMF(Recommender):
    """Two halves with vectors of their own, p and q of users and items, and one line out of both.

    1. g = p^G * q^G                                  (eq. 8)                      [G, M, d]
    2. m = a_X(... a_1([p^M || q^M])), a_k a layer with relu (eq. 10)              [G, M, d]
    3. logit = h . [g || m]                           (eq. 12)                     [G, M]

    The first layer's product with [p || q] is the sum of one with p, once per user, and one with q.

    Reading: hidden layers halve ("tower"), the last is as wide as g, the first twice as wide as p^M. Vectors start at
    random, not from the two halves trained alone (section 3.4.1). The squares are those of the batch's vectors.

    Args:
        sizes: rows of the tables.
        dim: d.
        mlp_layers: X.
        l2: weight of the squares of the vectors, per labelled pair.
        item_bias: whether items have a bias; not in the paper.
        dropout: on what goes from hidden layer to hidden layer; not in the paper.
    """

    records = {"sizes": MatrixSizes}

    def __init__(
        self,
        sizes: MatrixSizes,
        *,
        dim: int,
        mlp_layers: int,
        l2: float,
        item_bias: bool,
        dropout: float,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        self._config = as_config(locals())
        self.num_users, self.num_items = sizes
        self.dim, self.l2 = dim, l2
        widths = [dim * 2**n for n in reversed(range(mlp_layers))]
        self.width = max(1, widths[0] // 2)  # e

        self.user_product = normal_embedding(self.num_users, dim, "user_product")
        self.item_product = normal_embedding(self.num_items, dim, "item_product")
        self.user_vector = normal_embedding(self.num_users, self.width, "user_vector")
        self.item_vector = normal_embedding(self.num_items, self.width, "item_vector")
        self.of_user = keras.layers.Dense(widths[0], name="of_user")
        self.of_item = keras.layers.Dense(widths[0], use_bias=False, name="of_item")
        self.hidden = [keras.layers.Dense(n, "relu", name=f"hidden_{k}") for k, n in enumerate(widths[1:], 2)]
        self.out = keras.layers.Dense(1, name="out")
        self.item_bias = (
            Embedding(self.num_items, 1, embeddings_initializer="zeros", name="item_bias") if item_bias else None
        )
        self.drop = keras.layers.Dropout(dropout, name="drop") if dropout else None

    @classmethod
    def from_settings(cls, sizes: MatrixSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named as a config has them."""
        return cls(sizes, **settings, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        for table in (self.user_product, self.item_product, self.user_vector, self.item_vector, self.item_bias):
            if table is not None:
                table.build(None)
        for layer in (self.of_user, self.of_item):
            layer.build((None, self.width))
        width = self.of_user.units
        for layer in self.hidden:
            layer.build((None, width))
            width = layer.units
        self.out.build((None, self.dim + width))
        super().build(input_shape)

    def item_tables(self) -> NeumfTables:
        return NeumfTables(self.of_item(self.item_vector.table()))

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: NeumfTables | None = None) -> NeumfState:
        vector = self.user_vector(user)
        items = None if tables is None else tables.hidden
        return NeumfState(self.user_product(user), vector, self.of_user(vector), items)

    def score_items(
        self, state: NeumfState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        user, product = ops.expand_dims(state.product, 1), self.item_product(item)
        of_item = self.of_item(self.item_vector(item)) if state.items is None else ops.take(state.items, item, axis=0)
        hidden = ops.relu(ops.expand_dims(state.hidden, 1) + of_item)  # [G, M, h]
        for layer in self.hidden:
            hidden = layer(hidden if self.drop is None else self.drop(hidden, training=training))
        if training and self.l2:
            vectors = (user, product, ops.expand_dims(state.vector, 1), self.item_vector(item))
            self.add_loss(self.l2 * pair_squares(item, vectors))
        logit = ops.squeeze(self.out(ops.concatenate([user * product, hidden], axis=-1)), -1)
        return logit if self.item_bias is None else logit + ops.squeeze(self.item_bias(item), -1)

    @property
    def product(self) -> Literal["", "part", "whole"]:
        return "part"

    def item_factors(self, tables: NeumfTables | None = None) -> Tensor:
        return item_side(self.item_product.table(), None if self.item_bias is None else self.item_bias.table()[:, 0])

    def user_factors(self, state: NeumfState) -> Tensor:
        return user_side(state.product * self.out.kernel[: self.dim, 0])

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}
