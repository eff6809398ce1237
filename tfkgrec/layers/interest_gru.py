"""DINK's interest GRU (Zhang et al. 2023, section 3.3, eqs 7-10) over attention-scaled steps."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.gru_cell import GRUCell
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

CLOSED = -1e4
"""What a masked step adds to its update gate: sigmoid(CLOSED) is 0 in every precision."""

ITEMS_AT_ONCE = 2048
"""Of one user's catalogue: parts so small stay in a core's cache and run side by side, without a barrier in each op."""


@keras.saving.register_keras_serializable("tfkgrec")
class InterestGRU(keras.layers.Layer):
    """h_T of a GRU over x_t = a_t E(v_t), for every candidate of every user (eqs 7-10).

    W (a_t E(v_t)) = a_t (W E(v_t)): the input projection is computed once per user and step and scaled per candidate,
    step by step, so that [G, M, T, 3 units] never stands in memory. The T steps are unrolled in the graph.

    Args:
        units: state width.

    Call arguments:
        history: E(v_t) [G, T, d].
        weights: a [G, M, T].
        mask: bool [G, M, T]; masked steps leave the state unchanged, a row without any step gives zeros.

    Output: h_T [G, M, units].
    """

    def __init__(self, units: int, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` should be at least 1. Received: {units}")
        self.units = units
        self.cell = GRUCell(units, dtype=self.dtype_policy, name="cell")

    def build(self, history_shape: Shape, weights_shape: Shape, *_: Shape, **__: Shape) -> None:
        self.kernel = self.add_weight(
            shape=(history_shape[-1], 3 * self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(3 * self.units,), initializer="zeros", name="bias")
        self.cell.build((None, 3 * self.units + 1))

    def call(self, history: Tensor, weights: Tensor, mask: Tensor) -> Tensor:
        if history.shape[0] == 1:
            return ops.expand_dims(self._of_one_user(history[0], weights[0], mask[0]), 0)
        projected = ops.expand_dims(ops.matmul(history, self.kernel), 1)  # [G, 1, T, 3u]
        z_and_r, fresh = projected[..., : 2 * self.units], projected[..., 2 * self.units :]
        z_and_r_bias, fresh_bias = self.bias[: 2 * self.units], self.bias[2 * self.units :]
        weights = ops.expand_dims(weights, -1)  # [G, M, T, 1]
        valid = ops.expand_dims(ops.cast(mask, projected.dtype), -1)
        h = ops.zeros_like(weights[:, :, 0] * fresh[:, :, 0])  # [G, M, u]
        for t in range(history.shape[1]):
            a = weights[:, :, t]
            h = self.cell.step(a * z_and_r[:, :, t] + z_and_r_bias, a * fresh[:, :, t] + fresh_bias, valid[:, :, t], h)
        return h

    def _of_one_user(self, history: Tensor, weights: Tensor, mask: Tensor) -> Tensor:
        """The same for history [T, d], weights and mask [M, T]: [M, units].

        a_t W E(v_t) + U h is one product, of [a_t, h] with W E(v_t) on top of U. A masked step, too: a column of
        its own takes z to 0.
        """
        u, steps, items = self.units, history.shape[0], weights.shape[0]
        masked = ops.cast(ops.logical_not(mask), history.dtype)
        inputs = ops.transpose(ops.stack([weights, masked], axis=-1), (1, 0, 2))  # [T, M, 2]
        closed = ops.concatenate([ops.full((1, u), CLOSED), ops.zeros((1, 2 * u))], axis=1)
        below = [
            ops.cast(closed, history.dtype),
            ops.concatenate([self.cell.gate_kernel, self.cell.state_kernel], axis=1),
        ]
        below = ops.broadcast_to(ops.concatenate(below, axis=0), (steps, 1 + u, 3 * u))
        rows = ops.concatenate([ops.expand_dims(ops.matmul(history, self.kernel), 1), below], axis=1)  # [T, 2 + u, 3u]
        gates = [ops.unstack(part) for part in ops.split(rows, 3, axis=-1)]  # of z, r, h~: T of [2 + u, u]
        if not items:  # their number is unknown
            return self._scan(inputs, *gates)
        parts = [inputs[:, start : start + ITEMS_AT_ONCE] for start in range(0, items, ITEMS_AT_ONCE)]
        return ops.concatenate([self._scan(part, *gates) for part in parts], axis=0)

    def _scan(self, inputs: Tensor, z_rows: list[Tensor], r_rows: list[Tensor], fresh_rows: list[Tensor]) -> Tensor:
        """h_T [M, units] of inputs [T, M, 2] through the T steps' [2 + units, units]."""
        z_bias, r_bias, fresh_bias = ops.split(self.bias, 3)
        first, *rest = ops.unstack(inputs)
        update = ops.sigmoid(ops.matmul(first, z_rows[0][:2]) + z_bias)  # h_0 is zero
        h = update * ops.tanh(ops.matmul(first, fresh_rows[0][:2]) + fresh_bias)
        for t, x in enumerate(rest, start=1):
            with_state = ops.concatenate([x, h], axis=1)
            update = ops.sigmoid(ops.matmul(with_state, z_rows[t]) + z_bias)
            reset = ops.sigmoid(ops.matmul(with_state, r_rows[t]) + r_bias)
            with_reset = ops.concatenate([x, reset * h], axis=1)
            h = h + update * (ops.tanh(ops.matmul(with_reset, fresh_rows[t]) + fresh_bias) - h)
        return h

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(self, history_shape: Shape, weights_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return (*weights_shape[:2], self.units)

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units}
