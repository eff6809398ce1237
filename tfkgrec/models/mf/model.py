"""Logistic matrix factorisation: the baseline that every model has to beat, under the same training."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.layers.embedding import Embedding, normal_embedding
from tfkgrec.layers.pair_squares import pair_squares
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.recommender import Recommender, as_config
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


class MatrixSizes(NamedTuple):
    """Rows of the tables, row 0 (padding, unknown) included."""

    num_users: int
    num_items: int


class MfState(NamedTuple):
    """What does not depend on the candidate."""

    vector: Tensor  # u [G, d]


@keras.saving.register_keras_serializable("tfkgrec")
class MatrixFactorization(Recommender):
    """logit = <u, i> + b_i + b.

    Args:
        sizes: rows of the tables.
        dim: width of the vectors.
        item_bias: whether items have b_i.
        l2: weight of the squared vectors of the batch, per labelled pair.
    """

    records = {"sizes": MatrixSizes}

    def __init__(
        self, sizes: MatrixSizes, *, dim: int, item_bias: bool, l2: float, **kwargs: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**kwargs)
        self._config = as_config(locals())
        self.num_users, self.num_items = sizes
        self.dim, self.l2 = dim, l2

        self.user_embedding = normal_embedding(self.num_users, dim, "user_embedding")
        self.item_embedding = normal_embedding(self.num_items, dim, "item_embedding")
        self.item_bias = (
            Embedding(self.num_items, 1, embeddings_initializer="zeros", name="item_bias") if item_bias else None
        )

    @classmethod
    def from_settings(cls, sizes: MatrixSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named as a config has them."""
        return cls(sizes, **settings, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        for table in (self.user_embedding, self.item_embedding, self.item_bias):
            if table is not None:
                table.build(None)
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")
        super().build(input_shape)

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: None = None) -> MfState:
        return MfState(self.user_embedding(user))

    def score_items(
        self, state: MfState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        vector, user = self.item_embedding(item), ops.expand_dims(state.vector, 1)
        logit = ops.sum(vector * user, axis=-1) + self.bias
        if self.item_bias is not None:
            logit = logit + ops.squeeze(self.item_bias(item), -1)
        if training and self.l2:
            self.add_loss(self.l2 * pair_squares(item, (vector, user)))
        return logit

    @property
    def product(self) -> Literal["", "part", "whole"]:
        return "whole"

    def item_factors(self, tables: None = None) -> Tensor:
        bias = self.bias if self.item_bias is None else self.item_bias.table()[:, 0] + self.bias
        return item_side(self.item_embedding.table(), bias)

    def user_factors(self, state: MfState) -> Tensor:
        return user_side(state.vector)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}
