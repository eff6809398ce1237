"""KSR's WRITE: every click moves what the memory holds of each attribute towards the clicked item (eqs 7-9)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class MemoryCell(keras.layers.Layer):
    """One write, as the cell of a `keras.layers.RNN`, and of an online update by one click.

    u_a = e_i + k_a (7);  z_a = sigmoid(v_a . u_a) (8);  v_a <- (1 - z_a) v_a + z_a u_a (9)

    Args:
        num_slots: A.
        dim: L_E.
        train_keys: whether the keys k (the relations' vectors) are learned.
        gate_bias: add a learned b_a to v_a . u_a; not in the paper.
        emit_read: give m_t = sum_a w_a v_a instead of V. Backwards, a stack of V [B, T, A, L_E] costs what the whole
            forward pass costs; where V needs no gradient, V is the quicker one, since it is read after the recurrence.

    Call arguments: inputs [B, L_E + A (+ A)]: the item's entity vector e_i; for each slot 1 where the item is to be
    written, or 0 where the slot stays as it is; with `emit_read`, the read weights w. states [V], V flat [B, A L_E].
    Output: V after the write, flat, or m_t [B, L_E]; then the new states.
    Reference: Huang et al. 2018, section 4.2.3.
    """

    def __init__(
        self,
        num_slots: int,
        dim: int,
        train_keys: bool = False,
        gate_bias: bool = False,
        emit_read: bool = False,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        if num_slots < 1 or dim < 1:
            raise ValueError(f"`num_slots` and `dim` should be at least 1. Received: {num_slots}, {dim}")
        self.num_slots, self.dim = num_slots, dim
        self.train_keys, self.emit_read, self.with_gate_bias = train_keys, emit_read, gate_bias
        self.state_size = num_slots * dim
        self.output_size = dim if emit_read else num_slots * dim

    @property
    def input_width(self) -> int:
        return self.dim + (2 if self.emit_read else 1) * self.num_slots

    def build(self, inputs_shape: Shape | None = None, *_: Shape, **__: Shape) -> None:
        self.keys = self.add_weight(
            shape=(self.num_slots, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=0.1),
            trainable=self.train_keys,
            name="keys",
        )
        self.gate_bias = (
            self.add_weight(shape=(self.num_slots,), initializer="zeros", name="gate_bias")
            if self.with_gate_bias
            else None
        )

    def call(self, inputs: Tensor, states: Tensor, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        a, d = self.num_slots, self.dim
        values = ops.reshape(states[0], (-1, a, d))
        gate, update = self.gate(inputs[:, :d], values)
        gate = gate * inputs[:, d : d + a]  # what is not written stays
        values = values + ops.expand_dims(gate, -1) * (update - values)  # (9)
        flat = ops.reshape(values, (-1, a * d))
        output = ops.sum(ops.expand_dims(inputs[:, d + a :], -1) * values, axis=1) if self.emit_read else flat
        return output, [flat]

    def gate(self, entity: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """z [B, A] of eq 8 and u [B, A, L_E] of eq 7, for an item's entity [B, L_E] and V [B, A, L_E]."""
        update = ops.expand_dims(entity, 1) + self.keys  # (7)
        logit = ops.sum(values * update, axis=-1)
        return ops.sigmoid(logit if self.gate_bias is None else logit + self.gate_bias), update  # (8)

    def compute_output_shape(self, inputs_shape: Shape, *_: Shape, **__: Shape) -> tuple[Shape, list[Shape]]:
        return (inputs_shape[0], self.output_size), [(inputs_shape[0], self.state_size)]

    def get_config(self) -> Config:
        own = {name: getattr(self, name) for name in ("num_slots", "dim", "train_keys", "emit_read")}
        return {**super().get_config(), **own, "gate_bias": self.with_gate_bias}
