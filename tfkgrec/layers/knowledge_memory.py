"""KSR's key-value memory: its cell and its read, over a whole sequence or one click at a time (eqs 5-9)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.chain import build_chain, through
from tfkgrec.layers.masked import normalise
from tfkgrec.layers.memory_cell import MemoryCell
from tfkgrec.layers.memory_read import MemoryRead
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class KnowledgeMemory(keras.layers.Layer):
    """m_t: what the memory, written by the items up to t, holds of the attributes that h_t asks for.

    The query is h~ = MLP(h). At every step the write comes before the read.

    Args:
        num_slots: A.
        dim: L_E = L_K.
        gamma: of `MemoryRead`.
        query_layers: tanh layers of the query's MLP, before a linear one.
        learn: whether the keys are learned, and gradients flow through the writes into the entities' vectors. With
            fixed vectors they do not, which is quicker.
        gate_bias: of `MemoryCell`.
        shared_values: one V for all users, a learned parameter, and no writes.

    Call arguments: hidden h [B, T, L_H]; entity e [B, T, L_E]; written [B, T, A], 1 where an item goes into a slot and
    0 where the slot stays as it is.
    Output: m [B, T, L_E].
    Reference: Huang et al. 2018, section 4.2.
    """

    def __init__(
        self,
        num_slots: int,
        dim: int,
        gamma: float = 10.0,
        query_layers: int = 1,
        learn: bool = False,
        gate_bias: bool = False,
        shared_values: bool = False,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        self._settings = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        self.num_slots, self.dim, self.shared_values = num_slots, dim, shared_values
        policy = self.dtype_policy
        self.query_mlp = [
            *(keras.layers.Dense(dim, "tanh", dtype=policy, name=f"query_{n}") for n in range(query_layers)),
            keras.layers.Dense(dim, dtype=policy, name=f"query_{query_layers}"),
        ]
        emit_read = learn or gate_bias
        self.cell = MemoryCell(num_slots, dim, learn, gate_bias, emit_read, dtype=policy, name="cell")
        self.rnn = keras.layers.RNN(self.cell, return_sequences=True, return_state=True, dtype=policy, name="write")
        self.read = MemoryRead(gamma, dtype=policy, name="read")

    def build(self, hidden_shape: Shape, entity_shape: Shape, *_: Shape, **__: Shape) -> None:
        build_chain(self.query_mlp, hidden_shape[-1])
        self.rnn.build((None, None, self.cell.input_width))
        self.read.build((None, None, self.dim), (self.cell.num_slots, self.dim))
        if self.shared_values:
            self.values = self.add_weight(
                shape=(self.num_slots, self.dim), initializer=keras.initializers.RandomNormal(stddev=0.1), name="values"
            )

    def call(self, hidden: Tensor, entity: Tensor, written: Tensor) -> Tensor:
        if self.shared_values:
            return self.read(self.query(hidden), self.keys(), self.values)[0]
        if self.cell.emit_read:
            return self.rnn(ops.concatenate([entity, written, self.attention(hidden)], axis=-1))[0]
        # Fixed vectors: nothing flows back through the writes.
        flat = ops.stop_gradient(self.rnn(ops.concatenate([entity, written], axis=-1))[0])
        values = ops.reshape(flat, (-1, hidden.shape[1], self.num_slots, self.dim))
        return self.read(self.query(hidden), self.keys(), values)[0]

    def query(self, hidden: Tensor) -> Tensor:
        """h~ [..., L_K] of h [..., L_H]."""
        return through(self.query_mlp, hidden)

    def keys(self) -> Tensor:
        """k [A, L_K]."""
        return ops.cast(ops.convert_to_tensor(self.cell.keys), self.compute_dtype)

    def attention(self, hidden: Tensor) -> Tensor:
        """w [B, T, A] of h [B, T, L_H] (6)."""
        return self.read(self.query(hidden), self.keys())[1]

    def written(self, entity: Tensor, written: Tensor) -> Tensor:
        """V [B, A, L_E] after all writes of entity [B, T, L_E]."""
        steps = [entity, written] + [ops.zeros_like(written)] * self.cell.emit_read
        return ops.reshape(self.rnn(ops.concatenate(steps, axis=-1))[1], (-1, self.num_slots, self.dim))

    def write(self, values: Tensor, entity: Tensor, written: Tensor) -> Tensor:
        """V [B, A, L_E] after one more write of entity [B, L_E] into V."""
        step = [entity, written] + [ops.zeros_like(written)] * self.cell.emit_read
        flat = ops.reshape(values, (-1, self.num_slots * self.dim))
        _, (flat,) = self.cell(ops.concatenate(step, axis=-1), [flat])
        return ops.reshape(flat, (-1, self.num_slots, self.dim))

    def read_once(self, hidden: Tensor, values: Tensor | None) -> tuple[Tensor, Tensor]:
        """m [B, L_E] and w [B, A] for h [B, L_H] and V [B, A, L_E]; None: the shared ones."""
        held = ops.expand_dims(ops.convert_to_tensor(self.values), 0) if values is None else values
        read, weights = self.read(self.query(ops.expand_dims(hidden, 1)), self.keys(), ops.expand_dims(held, 1))
        return read[:, 0], weights[:, 0]

    def read_keeping(self, hidden: Tensor, values: Tensor, kept: Tensor) -> Tensor:
        """m [B, N, L_E] for h [B, L_H] and V [B, A, L_E], of the slots that each of N rows keeps, bool [N, A]."""
        _, weights = self.read_once(hidden, values)  # [B, A]
        left = normalise(ops.expand_dims(weights, 1) * ops.cast(kept, weights.dtype))  # [B, N, A]
        return ops.matmul(left, values)

    def compute_output_shape(self, hidden_shape: Shape, entity_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return tuple(entity_shape)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._settings}


def mean_cosine(values: Tensor) -> Tensor:
    """Mean cosine of all pairs of slots [B], for V [B, A, L]; an empty slot counts as 0; a single slot gives 1."""
    slots = values.shape[1]
    if slots == 1:
        return ops.ones_like(values[:, 0, 0])
    unit = values / ops.maximum(ops.norm(values, axis=-1, keepdims=True), 1e-9)
    total = ops.sum(ops.square(ops.sum(unit, axis=1)), axis=-1) - ops.sum(ops.square(unit), axis=(1, 2))
    return total / (slots * (slots - 1))


def nearest_values(values: Tensor, entity: Tensor, vectors: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Of every slot the `most` value entities nearest to what it holds, by L1 distance (section 5.4).

    Args:
        values: V [B, A, L_E].
        entity: ids of the entities that each slot may hold, int32 [A, P]; 0 pads.
        vectors: theirs, [A, P, L_E].

    Returns:
        entities int32 [B, A, most], nearest first, and how far they are [B, A, most]; 0 and 0 where there are fewer.
    """
    slots, choices = entity.shape
    gap = ops.expand_dims(values, 2) - vectors  # [B, A, P, L_E]
    distance = ops.where(ops.equal(entity, 0), 1e9, ops.sum(ops.abs(gap), axis=-1))  # [B, A, P]
    best, place = ops.top_k(-distance, most)
    slot = ops.reshape(ops.arange(slots, dtype="int32"), (1, slots, 1))
    found = ops.take(ops.reshape(entity, (-1,)), slot * choices + ops.cast(place, "int32"), axis=0)
    return found, ops.where(ops.equal(found, 0), 0.0, -best)
