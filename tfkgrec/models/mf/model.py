"""Logistic matrix factorisation: the floor that every model has to clear, under the same training."""

from typing import Any

import keras
from keras import ops

from tfkgrec.layers.embedding import Embedding, normal_embedding
from tfkgrec.models.recommender import Recommender


@keras.saving.register_keras_serializable("tfkgrec")
class MatrixFactorization(Recommender):
    """logit = <u, i> + b_i + b.

    Args:
        num_users, num_items: table rows, row 0 (padding, unknown) included.
        dim: width of the vectors.
        item_bias: whether items have b_i.
        l2: weight of the squared vectors of the batch, per labelled pair.
    """

    def __init__(
        self, num_users: int, num_items: int, dim: int = 64, item_bias: bool = True, l2: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_users, self.num_items, self.dim, self.l2 = num_users, num_items, dim, l2
        self.with_item_bias = item_bias

        self.user_embedding = normal_embedding(num_users, dim, "user_embedding")
        self.item_embedding = normal_embedding(num_items, dim, "item_embedding")
        self.item_bias = (
            Embedding(num_items, 1, embeddings_initializer="zeros", name="item_bias") if item_bias else None
        )

    def build(self, input_shape: Any = None) -> None:
        for table in (self.user_embedding, self.item_embedding, self.item_bias):
            if table is not None:
                table.build(None)
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")
        super().build(input_shape)

    def user_state(self, user: Any, history: Any | None = None) -> dict[str, Any]:
        return {"vector": self.user_embedding(user)}  # [G, d]

    def score_items(self, state: dict[str, Any], item: Any, left_out: Any | None = None, training: bool = False) -> Any:
        vector, user = self.item_embedding(item), ops.expand_dims(state["vector"], 1)
        logit = ops.sum(vector * user, axis=-1) + self.bias
        if self.item_bias is not None:
            logit = logit + ops.squeeze(self.item_bias(item), -1)
        if training and self.l2:
            real = ops.cast(ops.not_equal(item, 0), vector.dtype)
            squares = ops.sum(ops.square(vector), -1) + ops.sum(ops.square(user), -1)
            self.add_loss(self.l2 * ops.sum(squares * real) / ops.maximum(ops.sum(real), 1.0))
        return logit

    def get_config(self) -> dict[str, Any]:
        own = {"num_users": self.num_users, "num_items": self.num_items, "dim": self.dim, "l2": self.l2}
        return {**super().get_config(), **own, "item_bias": self.with_item_bias}
