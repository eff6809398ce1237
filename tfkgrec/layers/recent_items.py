"""What a user took lately, as one vector: not in any of the papers."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.embedding import normal_embedding
from tfkgrec.layers.masked import masked_softmax
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class RecentItems(keras.layers.Layer):
    """sum_t a_t c_t over a history, a = softmax of learned logits, one for every age; the newest item has age 0.

    Args:
        num_items: rows of the item tables, row 0 (padding) included.
        dim: width of c.
        length: T, the most items of a history.

    Call arguments: history, item ids int32 [G, T], oldest first, 0 pads on the right.
    Output: [G, dim]; zeros for an empty history.
    """

    def __init__(self, num_items: int, dim: int, length: int, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        self.num_items, self.dim, self.length = num_items, dim, length
        self.context_embedding = normal_embedding(num_items, dim, "context_embedding")

    def build(self, history_shape: Shape) -> None:
        self.context_embedding.build(None)
        self.age_logit = self.add_weight(shape=(self.length,), initializer="zeros", name="age_logit")

    def call(self, history: Tensor) -> Tensor:
        held = ops.not_equal(history, 0)
        age = ops.sum(ops.cast(held, "int32"), axis=1, keepdims=True) - 1 - ops.arange(history.shape[1], dtype="int32")
        logit = ops.take(ops.convert_to_tensor(self.age_logit), ops.maximum(age, 0), axis=0)
        weight = masked_softmax(logit, held)  # [G, T]
        return ops.sum(ops.expand_dims(weight, -1) * self.context_embedding(history), axis=1)

    def compute_output_shape(self, history_shape: Shape) -> Shape:
        return (history_shape[0], self.dim)

    def get_config(self) -> Config:
        return {**super().get_config(), "num_items": self.num_items, "dim": self.dim, "length": self.length}
