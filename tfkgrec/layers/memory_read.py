"""KSR's READ: which attributes does the user care about now, and what does the memory hold of them (eqs 5, 6)?"""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class MemoryRead(keras.layers.Layer):
    """w_a = softmax_a(gamma h~ . k_a) (6);  m = sum_a w_a v_a (5).

    Args:
        gamma: sharpness of the softmax, 10 in the paper.

    Call arguments: query h~ [B, T, L]; keys k [A, L]; values V [B, T, A, L], or None where only the weights are wanted.
    Output: m [B, T, L] (None without values), w [B, T, A].
    Reference: Huang et al. 2018, section 4.2.3.
    """

    def __init__(self, gamma: float = 10.0, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if gamma <= 0:
            raise ValueError(f"`gamma` should be positive. Received: {gamma}")
        self.gamma = gamma

    def build(self, query_shape: Shape, keys_shape: Shape, *_: Shape, **__: Shape) -> None:
        self.built = True

    def call(self, query: Tensor, keys: Tensor, values: Tensor | None = None) -> tuple[Tensor, Tensor]:
        weights = ops.softmax(self.gamma * ops.matmul(query, ops.transpose(keys)), axis=-1)  # (6) [B, T, A]
        read = None if values is None else ops.sum(ops.expand_dims(weights, -1) * values, axis=-2)  # (5) [B, T, L]
        return read, weights

    def compute_output_shape(
        self, query_shape: Shape, keys_shape: Shape, values_shape: Shape | None = None, *_: Shape, **__: Shape
    ) -> Shape:
        return None if values_shape is None else tuple(query_shape), (*query_shape[:-1], keys_shape[0])

    def get_config(self) -> Config:
        return {**super().get_config(), "gamma": self.gamma}
