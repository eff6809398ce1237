"""A logit as a weighed sum of parts, none of which it changes."""

from typing import Unpack

import keras
import numpy as np
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class PartSum(keras.layers.Layer):
    """logit = sum_k w_k (x_k - mu_k) / sigma_k + b.

    A part that is as it is on average adds nothing, so that what a part adds can be read as a reason.

    Args:
        num_parts: P.

    Call arguments: parts x [..., P].
    Output: [...].
    """

    def __init__(self, num_parts: int, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        self.num_parts = num_parts

    def build(self, parts_shape: Shape) -> None:
        shape = (self.num_parts,)
        self.mean = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="mean")
        self.inverse_deviation = self.add_weight(
            shape=shape, initializer="ones", trainable=False, name="inverse_deviation"
        )
        self.weight = self.add_weight(shape=shape, initializer="ones", name="weight")
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def call(self, parts: Tensor) -> Tensor:
        return ops.sum(self.terms(parts), axis=-1) + self.bias

    def terms(self, parts: Tensor) -> Tensor:
        """What every part adds [..., P]; with the bias they sum to the logit."""
        return self.weight * (parts - self.mean) * self.inverse_deviation

    def share(self) -> Tensor:
        """What one more of every part adds to the logit [P]."""
        return self.weight * self.inverse_deviation

    def set_weights_of(self, mean: np.ndarray, deviation: np.ndarray, weight: np.ndarray, bias: float) -> None:
        """Take over what a fit has found; mean, deviation (above 0) and weight are [P]."""
        for variable, values in (
            (self.mean, mean),
            (self.inverse_deviation, 1 / deviation),
            (self.weight, weight),
            (self.bias, bias),
        ):
            variable.assign(np.asarray(values, np.float32))

    def compute_output_shape(self, parts_shape: Shape) -> Shape:
        return tuple(parts_shape[:-1])

    def get_config(self) -> Config:
        return {**super().get_config(), "num_parts": self.num_parts}
