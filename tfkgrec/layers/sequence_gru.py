"""A GRU over a sequence that gives every state, and the same step by step (KSR, eq 1)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.gru_cell import GRUCell
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class SequenceGRU(keras.layers.Layer):
    """h_t = GRU(h_{t-1}, x_t) (1), with h_0 = 0.

    The projections of all x_t are one matrix product, before the recurrence begins.

    Args:
        units: state width L_H.

    Call arguments: inputs [B, T, d]; mask bool [B, T], whose False steps leave the state as it is.
    Output: h [B, T, units].
    Reference: Huang et al. 2018, section 4.1.
    """

    def __init__(self, units: int, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` should be at least 1. Received: {units}")
        self.units = units
        self.cell = GRUCell(units, dtype=self.dtype_policy, name="cell")
        self.rnn = keras.layers.RNN(self.cell, return_sequences=True, dtype=self.dtype_policy, name="rnn")

    def build(self, inputs_shape: Shape, *_: Shape, **__: Shape) -> None:
        self.kernel = self.add_weight(
            shape=(inputs_shape[-1], 3 * self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(3 * self.units,), initializer="zeros", name="bias")
        self.rnn.build((None, None, 3 * self.units + 1))

    def call(self, inputs: Tensor, mask: Tensor) -> Tensor:
        return self.rnn(self._steps(inputs, mask))

    def step(self, inputs: Tensor, state: Tensor, mask: Tensor) -> Tensor:
        """The state [B, units] after one more input [B, d]; mask bool [B]."""
        return self.cell(self._steps(inputs, mask), [state])[0]

    def _steps(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """What the cell reads: projections and, last, whether the step counts [..., 3 units + 1]."""
        projected = ops.matmul(inputs, self.kernel) + self.bias
        return ops.concatenate([projected, ops.expand_dims(ops.cast(mask, projected.dtype), -1)], axis=-1)

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(self, inputs_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return (*inputs_shape[:2], self.units)

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units}
