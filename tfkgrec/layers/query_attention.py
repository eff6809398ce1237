"""HKRM's item-level query (Sun et al. 2020, section 2.2.1, eqs 1-2)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.embedding import Embedding
from tfkgrec.layers.masked import masked_softmax
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class QueryAttention(keras.layers.Layer):
    """alpha_i = softmax_i(p_i / |q|), the weight of each history item in q_s = sum_i alpha_i e_i (eqs 1, 2).

    Reading: p_i is one learned scalar per item, uniform at random at first; |q| counts the items that the pair sees.

    Args:
        num_items: rows of the item tables, row 0 included.

    Call arguments:
        history: item ids [G, T], 0 pads.
        visible: bool [G, M, T], which of them each candidate may see.

    Output: alpha [G, M, T]; sums to 1 over what is seen, zeros where nothing is.
    """

    def __init__(self, num_items: int, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        self.num_items = num_items
        uniform = keras.initializers.RandomUniform(0.0, 1.0)
        self.item_weight = Embedding(num_items, 1, embeddings_initializer=uniform, name="item_weight")

    def build(self, history_shape: Shape, visible_shape: Shape) -> None:
        self.item_weight.build(None)
        self.built = True

    def call(self, history: Tensor, visible: Tensor) -> Tensor:
        p = ops.expand_dims(ops.squeeze(self.item_weight(history), -1), 1)  # [G, 1, T]
        size = ops.sum(ops.cast(visible, p.dtype), axis=-1, keepdims=True)  # |q| [G, M, 1]
        return masked_softmax(p / ops.maximum(size, 1.0), visible)

    def compute_output_shape(self, history_shape: Shape, visible_shape: Shape) -> Shape:
        return visible_shape

    def get_config(self) -> Config:
        return {**super().get_config(), "num_items": self.num_items}
