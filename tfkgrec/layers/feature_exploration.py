"""EKPNet's propagation feature exploration (Zhang et al. 2022, section 4.3, eqs 16-18)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor

ACTIVATIONS = ("tanh", "relu", "sigmoid")


@keras.saving.register_keras_serializable("tfkgrec")
class FeatureExploration(keras.layers.Layer):
    """A logit from the user vectors of all depths and the candidate.

    z_0 = [xi^1 || ... || xi^P || v_o^P] (16)                      [G, M, (P + 1) d]
    z_l = act(z_{l-1} W_l + b_l), l = 1..L-1 (17)                  [G, M, (P + 1) d]
    logit = z_{L-1} W_L + b_L (18)                                 [G, M]

    Reading: eq 17 counts to L, eq 18 goes on from z_{L-1}: L layers in all, the last of which gives the logit.
    Hidden layers have "the same width as the input" (section 5.3).

    Args:
        num_layers: L.
        activation: "tanh", which the paper finds best, "relu" or "sigmoid" (its figure 7).

    Call arguments:
        depths: xi, [G, M, P, d].
        candidate: v_o^P, [G, M, d].
    """

    def __init__(self, num_layers: int = 3, activation: str = "tanh", **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if num_layers < 1:
            raise ValueError(f"`num_layers` should be at least 1. Received: {num_layers}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"`activation` should be one of {ACTIVATIONS}. Received: {activation!r}")
        self.num_layers, self.activation = num_layers, activation

    def build(self, depths_shape: Shape, candidate_shape: Shape) -> None:
        hops, d = depths_shape[2:]
        self.width = (hops + 1) * d
        widths = [self.width] * self.num_layers + [1]
        self.kernels = [
            self.add_weight(shape=shape, initializer="glorot_uniform", name=f"kernel_{n}")
            for n, shape in enumerate(zip(widths[:-1], widths[1:], strict=True))
        ]
        self.biases = [
            self.add_weight(shape=(width,), initializer="zeros", name=f"bias_{n}") for n, width in enumerate(widths[1:])
        ]

    def call(self, depths: Tensor, candidate: Tensor) -> Tensor:
        flat = ops.reshape(depths, (*ops.shape(candidate)[:2], self.width - candidate.shape[-1]))
        z = ops.concatenate([flat, candidate], axis=-1)  # (16)
        act = getattr(ops, self.activation)
        for kernel, bias in zip(self.kernels[:-1], self.biases[:-1], strict=True):
            z = act(ops.matmul(z, kernel) + bias)  # (17)
        return ops.squeeze(ops.matmul(z, self.kernels[-1]) + self.biases[-1], -1)  # (18)

    def compute_output_shape(self, depths_shape: Shape, candidate_shape: Shape) -> Shape:
        return tuple(candidate_shape[:2])

    def get_config(self) -> Config:
        return {**super().get_config(), "num_layers": self.num_layers, "activation": self.activation}
