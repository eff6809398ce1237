"""One step of a GRU, of DINK's over its history and of KSR's over its clicks."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class GRUCell(keras.layers.Layer):
    """One step of DINK's eqs 7-10 on inputs that are already projected.

    z = sigmoid(x_z + U_z h); r = sigmoid(x_r + U_r h)          (7, 8)
    h~ = tanh(x_h + U_h (r * h)); h <- (1 - z) h + z h~         (9, 10)

    Reading: eq 10 misprints the candidate state as h_{l-1}; this is an ordinary GRU.

    Call arguments: [B, 3 units + 1], the projected input (z, r, h~ parts) and, last, 1 for a valid step or 0 for one
    that leaves the state as it is; state [h], h [B, units].
    """

    def __init__(self, units: int, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, inputs_shape: Shape, *_: Shape, **__: Shape) -> None:
        u = self.units
        self.gate_kernel = self.add_weight(shape=(u, 2 * u), initializer="orthogonal", name="gate_kernel")
        self.state_kernel = self.add_weight(shape=(u, u), initializer="orthogonal", name="state_kernel")

    def call(self, inputs: Tensor, states: Tensor, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        u = self.units
        h = self.step(inputs[:, : 2 * u], inputs[:, 2 * u : 3 * u], inputs[:, 3 * u :], states[0])
        return h, [h]

    def step(self, gates: Tensor, fresh: Tensor, valid: Tensor, h: Tensor) -> Tensor:
        """h [..., units] after a step with the projections [..., 2 units] of z and r, [..., units] of h~."""
        u = self.units
        gates = ops.sigmoid(gates + ops.matmul(h, self.gate_kernel))
        update, reset = gates[..., :u], gates[..., u:]
        fresh = ops.tanh(fresh + ops.matmul(reset * h, self.state_kernel))
        return h + update * valid * (fresh - h)  # a masked step keeps the state

    def compute_output_shape(self, inputs_shape: Shape, *_: Shape, **__: Shape) -> tuple[Shape, list[Shape]]:
        shape = (inputs_shape[0], self.units)
        return shape, [shape]

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units}
