"""One block of SASRec: self-attention that sees no later step, then two dense layers (Kang & McAuley 2018, eqs 2-5)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.masked import masked_softmax
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

EPSILON = 1e-6


@keras.saving.register_keras_serializable("tfkgrec")
class CausalBlock(keras.layers.Layer):
    """S = x + A(norm(x)), then y = S + F(norm(S)).

    A(x)_t = sum_s w_ts x_s W_V, w_t = softmax_s(<x_t W_Q, x_s W_K> / sqrt(d)) over the steps that t sees  (2, 3)
    F(x)_t = relu(x_t W_1 + b_1) W_2 + b_2                                                                  (4)

    Reading: queries, keys and values are all of norm(x), as section III-C writes; the authors' code norms the queries
    alone. One head, as the paper found more to be no better.

    Args:
        dim: d.
        dropout: of A and of F; what is dropped stays so for all steps of a sequence (docs/known-issues.md).

    Call arguments: steps [B, T, d]; visible bool [B, T, T], whether t (the first T) sees s.
    Output: y [B, T, d], w [B, T, T]; a step that sees nothing has w = 0.
    """

    def __init__(self, dim: int, dropout: float = 0.0, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if dim < 1:
            raise ValueError(f"`dim` should be at least 1. Received: {dim}")
        self.dim, self.dropout_rate = dim, dropout
        policy = self.dtype_policy
        self.norms = [
            keras.layers.LayerNormalization(epsilon=EPSILON, dtype=policy, name=f"norm_{n}") for n in range(2)
        ]
        self.query, self.key, self.value = (
            keras.layers.Dense(dim, use_bias=False, dtype=policy, name=name) for name in ("query", "key", "value")
        )
        self.feed = [
            keras.layers.Dense(dim, "relu", dtype=policy, name="feed_0"),
            keras.layers.Dense(dim, dtype=policy, name="feed_1"),
        ]
        once = (None, 1, None)
        self.drops = [keras.layers.Dropout(dropout, noise_shape=once, dtype=policy, name=f"drop_{n}") for n in range(2)]

    def build(self, steps_shape: Shape, *_: Shape, **__: Shape) -> None:
        for layer in (*self.norms, self.query, self.key, self.value, *self.feed):
            layer.build((None, None, self.dim))

    def call(self, steps: Tensor, visible: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        normed = self.norms[0](steps)
        scores = ops.matmul(self.query(normed), ops.swapaxes(self.key(normed), -1, -2)) / self.dim**0.5
        weight = masked_softmax(scores, visible)
        seen = steps + self.drops[0](ops.matmul(weight, self.value(normed)), training=training)
        return seen + self.drops[1](self.feed[1](self.feed[0](self.norms[1](seen))), training=training), weight

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(self, steps_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return tuple(steps_shape), (*steps_shape[:2], steps_shape[1])

    def get_config(self) -> Config:
        return {**super().get_config(), "dim": self.dim, "dropout": self.dropout_rate}
