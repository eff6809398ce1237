"""KSR: a GRU with a key-value memory of attributes (Huang et al. 2018)."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self, Unpack

import keras
import numpy as np
from keras import ops

from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings, check_width
from tfkgrec.layers.chain import build_chain, through
from tfkgrec.layers.embedding import Embedding, normal_embedding
from tfkgrec.layers.knowledge_memory import KnowledgeMemory, mean_cosine, nearest_values
from tfkgrec.layers.sequence_gru import SequenceGRU
from tfkgrec.models.recommender import Facts, as_config, one_of, without_each
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

KNOWLEDGE = ("memory", "item", "none")
SHOWN_VALUES = 5  # value entities that an explanation names for an attribute


class KsrSizes(NamedTuple):
    """Rows of the tables, row 0 (padding, unknown) included, and sizes of the memory, 0 without one."""

    num_users: int
    num_items: int
    num_slots: int = 0  # A, the attributes; their keys are the vectors of relations
    num_values: int = 0  # P, value entities of an attribute that explanations choose from


class MemoryOptions(NamedTuple):
    """How the memory is read and written."""

    gamma: float  # sharpness of the read
    query_layers: int  # tanh layers of the query's MLP, before its linear one
    shared_values: bool  # the paper's variant with one V for all users
    slot_write: str  # not in the paper: "own" writes an item into the slots of relations that it has; "every" is all
    gate_bias: bool  # not in the paper: a learned bias of every slot's gate


class KsrState(NamedTuple):
    """What does not depend on the candidate."""

    hidden: Tensor  # h after the newest item [G, L_H]
    memory: Tensor | None = None  # V [G, A, L_E], where users write it
    query: Tensor | None = None  # left side of eq 10 [G, d]; None: not yet known


class KsrExplanation(NamedTuple):
    """What the user cares about, step by step, and what the memory holds of it (section 5.4, Fig 5)."""

    logit: Tensor  # [B]
    history_item: Tensor  # [B, T]
    # with a memory:
    step_weight: Tensor | None = None  # w after every item [B, T, A]; 0 where padded
    attribute_relation: Tensor | None = None  # the slots [B, A]
    attribute_weight: Tensor | None = None  # and their weights now [B, A]
    value_entity: Tensor | None = None  # of every slot the N value entities nearest to v_a [B, A, N]
    value_distance: Tensor | None = None  # and their L1 distances [B, A, N]
    # and what it held once the first half of the items had been taken, where users write it:
    earlier_step: Tensor | None = None  # the place in the history of the last of these items [B]
    earlier_value_entity: Tensor | None = None  # [B, A, N]
    earlier_value_distance: Tensor | None = None  # [B, A, N]
    slot_similarity: Tensor | None = None
    """Mean cosine between the slots [B]; near 1 they hold the same, and the weights tell what the query likes about all
    of them rather than what differs between them."""


@keras.saving.register_keras_serializable("tfkgrec")
class KSR(SequentialRecommender):
    """GRU -> read from the memory that the clicks have written -> product with the item (eqs 1, 5-10).

    1. h_t = GRU(h_{t-1}, q_{i_t}) (1)                                                  [B, T, L_H]
    2. write: each click moves each slot v_a towards e_i + k_a (7-9)                    [B, A, L_E]
    3. read: m_t = sum_a w_a v_a, w = softmax_a(gamma MLP(h_t) . k_a) (5, 6)            [B, T, L_E]
    4. s = MLP(h_t (+) m_t) . MLP(q_i (+) e_i) (10)                                     [B, T, items]

    **Reading:** V starts at zero and is written by the user's own sequence, so it needs no parameter of a user and
    works for unknown users. Step t reads after the writes of items up to t, and predicts item t + 1. Eq 10 concatenates
    h_t, not the query, so that both sides have L_H + L_E. `shared_values`: one V for all users cannot be written by
    each of them, so it is learned, from where the average item would write.

    A step with item 0 changes nothing; a history may hold it anywhere.

    Args:
        sizes: of the tables and of the memory.
        dim: L_E = L_K, width of entities, keys and slots.
        item_dim: width of q.
        hidden_dim: L_H.
        history_length: T.
        knowledge: "memory" is KSR; "item" has e_i on the item's side and no memory; "none" has neither.
        memory: how it is read and written.
        train_items, train_knowledge: whether q; e and k are learned further. The paper fixes all three.
        output_layers: tanh layers of the MLPs of eq 10, L_H + L_E wide. 0 is h_t . q_i (2), of one width, for knowledge
            "none": the paper's GRU, or GRU++ with pre-trained items.

    Not in the paper:
        output_dim: width of the output layers; None is L_H + L_E.
        item_bias: a learned bias of every item's score.
        dropout: on q as the GRU reads it, and on the query; what is dropped stays so for the whole sequence.
    """

    records = {"sizes": KsrSizes, "memory": MemoryOptions}
    state_class = KsrState

    def __init__(  # long, as every argument has its line
        self,
        sizes: KsrSizes,
        *,
        dim: int,
        item_dim: int,
        hidden_dim: int,
        history_length: int,
        knowledge: str,
        memory: MemoryOptions,
        train_items: bool,
        train_knowledge: bool,
        output_layers: int,
        output_dim: int | None,
        item_bias: bool,
        dropout: float,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        _check(sizes, knowledge, memory)
        _check_widths(output_layers, knowledge, item_dim, hidden_dim)
        self._config = as_config(locals())
        self.num_users, self.num_items, self.num_slots, self.num_values = sizes
        self.dim, self.item_dim, self.hidden_dim, self.history_length = dim, item_dim, hidden_dim, history_length
        self.has_memory, self.has_entities = knowledge == "memory", knowledge != "none"
        self.shared_values, self.slot_write = memory.shared_values, memory.slot_write
        self.output_width = output_dim or hidden_dim + (dim if self.has_entities else 0)
        self.writes = self.has_memory and not self.shared_values
        self.state_shapes = {"hidden": (hidden_dim,), **({"memory": (self.num_slots, dim)} if self.writes else {})}

        self.item_vectors = normal_embedding(self.num_items, item_dim, "item_vectors", trainable=train_items)  # q
        self.entity_vectors: Any = None
        if self.has_entities:  # e
            self.entity_vectors = normal_embedding(self.num_items, dim, "entity_vectors", trainable=train_knowledge)
        self.bias: Embedding | None = None
        if item_bias:
            self.bias = Embedding(self.num_items, 1, embeddings_initializer="zeros", name="item_bias")
        self.gru = SequenceGRU(hidden_dim, name="gru")
        self.memory: Any = None
        if self.has_memory:
            gamma, layers, shared, _, gate_bias = memory
            self.memory = KnowledgeMemory(
                self.num_slots, dim, gamma, layers, train_knowledge, gate_bias, shared, name="memory"
            )
        self.user_mlp, self.item_mlp = (
            [keras.layers.Dense(self.output_width, "tanh", name=f"{side}_mlp_{n}") for n in range(output_layers)]
            for side in ("user", "item")
        )
        # One mask for a whole sequence: a mask for every step costs five times the rest of the step under XLA on a CPU.
        once = (None, 1, None)
        self.dropout = keras.layers.Dropout(dropout, noise_shape=once, name="dropout") if dropout else None

    @classmethod
    def from_settings(cls, sizes: KsrSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named flat, as a config has them, without that of `relation_slots`."""
        memory = MemoryOptions(**{name: settings[name] for name in MemoryOptions._fields})
        own = {name: value for name, value in settings.items() if name not in (*MemoryOptions._fields, "score")}
        if settings.get("score") == "dot":
            own["output_layers"] = 0
        return cls(sizes, **own, memory=memory, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        self.history = self.add_table("history", (self.num_users, self.history_length))
        self.item_vectors.build(None)
        for table in (self.entity_vectors, self.bias):
            if table is not None:
                table.build(None)
        self.gru.build((None, None, self.item_dim), (None, None))
        if self.memory is not None:
            self.memory.build((None, None, self.hidden_dim), (None, None, self.dim))
            self.slots = self.add_table("slots", (self.num_items, self.num_slots))  # 1: the item has the relation
            self.slot_relation = self.add_table("slot_relation", (self.num_slots,))  # the dataset's ids, for names
            self.value_entity = self.add_table("value_entity", (self.num_slots, self.num_values))
            self.value_vectors = self.add_weight(
                shape=(self.num_slots, self.num_values, self.dim), initializer="zeros", trainable=False, name="values"
            )
        build_chain(self.user_mlp, self.hidden_dim + (self.dim if self.has_memory else 0))
        build_chain(self.item_mlp, self.item_dim + (self.dim if self.has_entities else 0))
        super().build(input_shape)

    # -----------------------------------------------------------------------------------------------------------------
    # the user's side

    def queries(self, history: Tensor, training: bool = False) -> Tensor:
        hidden = self._hidden(history, training)
        read = None if self.memory is None else self.memory(hidden, *self._writes(history))
        return self._query(hidden, read, training)

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: None = None) -> KsrState:
        if history is None:
            history = self.read_table("history", user)  # [G, T]
        return self._state(history, *self._writes(history)) if self.writes else self._with_query(self._last(history))

    def _state(self, history: Tensor, entity: Tensor, written: Tensor) -> KsrState:
        """After these writes."""
        return self._with_query(self._last(history), self.memory.written(entity, written))

    def _last(self, history: Tensor) -> Tensor:
        """h after the newest item [G, L_H]; a masked step repeats the state before it."""
        return self._hidden(history)[:, -1]

    def advance(self, state: KsrState, item: Tensor) -> KsrState:
        hidden = self.gru.step(self.item_vectors(item), state.hidden, ops.not_equal(item, 0))
        memory = self.memory.write(state.memory, *self._writes(item)) if self.writes else None
        return self._with_query(hidden, memory)

    def zero_state(self, users: int) -> KsrState:
        return self._with_query(**{name: ops.zeros((users, *shape)) for name, shape in self.state_shapes.items()})

    def _hidden(self, history: Tensor, training: bool = False) -> Tensor:
        """h_t (1) [B, T, L_H]."""
        return self.gru(self._drop(self.item_vectors(history), training), ops.not_equal(history, 0))

    def _writes(self, item: Tensor) -> tuple[Tensor, Tensor]:
        """e_i [..., L_E], and 1 for the slots that the item is written into [..., A]."""
        entity = self.entity_vectors(item)
        if self.slot_write == "own":
            return entity, ops.cast(self.read_table("slots", item), entity.dtype)  # row 0 is zero
        written = ops.repeat(ops.expand_dims(ops.not_equal(item, 0), -1), self.num_slots, axis=-1)
        return entity, ops.cast(written, entity.dtype)

    def _with_query(self, hidden: Tensor, memory: Tensor | None = None) -> KsrState:
        read = None if self.memory is None else self.memory.read_once(hidden, memory)[0]
        return KsrState(hidden, memory, self._query(hidden, read))

    def _query(self, hidden: Tensor, read: Tensor, training: bool = False) -> Tensor:
        """MLP(h (+) m), the left side of eq 10; h, that of eq 2."""
        both = hidden if read is None else ops.concatenate([hidden, read], axis=-1)
        return self._drop(through(self.user_mlp, both), training)

    # -----------------------------------------------------------------------------------------------------------------
    # the item's side

    def item_outputs(self, item: Tensor | None = None) -> Tensor:
        """MLP(q_i (+) e_i), the right side of eq 10; q_i, that of eq 2."""
        vectors = [
            table.table() if item is None else table(item)
            for table in (self.item_vectors, self.entity_vectors)
            if table is not None
        ]
        return through(self.item_mlp, ops.concatenate(vectors, axis=-1))

    def item_biases(self, item: Tensor | None = None) -> Tensor:
        if self.bias is None:
            return ops.zeros((self.num_items,)) if item is None else ops.zeros_like(ops.cast(item, self.compute_dtype))
        return ops.squeeze(self.bias.table() if item is None else self.bias(item), -1)

    # -----------------------------------------------------------------------------------------------------------------
    # explanations

    def explain(self, user: Tensor, item: Tensor, tables: None = None) -> KsrExplanation:
        history = self.read_table("history", user)
        state = self.user_state(user)
        logit = ops.squeeze(self.score_items(state, ops.expand_dims(item, 1)), 1)
        if self.memory is None:
            return KsrExplanation(logit, history)
        weights = self.memory.attention(self._hidden(history))
        users = ops.shape(history)[0]
        values = state.memory
        if values is None:
            values = ops.broadcast_to(self.memory.values, (users, self.num_slots, self.dim))
        entity, vectors = ops.convert_to_tensor(self.value_entity), ops.convert_to_tensor(self.value_vectors)
        nearest, distance = nearest_values(values, entity, vectors, min(SHOWN_VALUES, self.num_values))
        found = KsrExplanation(
            logit=logit,
            history_item=history,
            step_weight=weights * ops.cast(ops.expand_dims(ops.not_equal(history, 0), -1), weights.dtype),
            attribute_relation=ops.broadcast_to(ops.convert_to_tensor(self.slot_relation), (users, self.num_slots)),
            attribute_weight=self.memory.read_once(state.hidden, state.memory)[1],
            value_entity=nearest,
            value_distance=distance,
            slot_similarity=mean_cosine(values),
        )
        if not self.writes:
            return found
        there = ops.cast(ops.not_equal(history, 0), "int32")
        half = ops.cumsum(there, axis=1) * 2 <= ops.sum(there, axis=1, keepdims=True) + 1
        earlier = ops.where(half, history, 0)
        nearest, distance = nearest_values(
            self.memory.written(*self._writes(earlier)), entity, vectors, min(SHOWN_VALUES, self.num_values)
        )
        last = ops.max(ops.where(earlier > 0, ops.arange(history.shape[1], dtype="int32"), 0), axis=1)
        return found._replace(earlier_step=last, earlier_value_entity=nearest, earlier_value_distance=distance)

    def facts(self, user: Tensor, item: Tensor, tables: None = None) -> Facts | None:
        """The attributes in memory: what is read when one of them is not. Each with the value that it is nearest to."""
        if self.memory is None:
            return None
        state, users, slots = self.user_state(user), ops.shape(user)[0], self.num_slots
        values = state.memory
        if values is None:
            values = ops.broadcast_to(self.memory.values, (users, slots, self.dim))
        read = self.memory.read_keeping(state.hidden, values, without_each(slots))  # [B, A + 1, L_E]
        hidden = ops.repeat(ops.expand_dims(state.hidden, 1), slots + 1, axis=1)
        logit = self._product(self._query(hidden, read), ops.repeat(ops.expand_dims(item, 1), slots + 1, axis=1))
        entity, vectors = ops.convert_to_tensor(self.value_entity), ops.convert_to_tensor(self.value_vectors)
        return Facts(
            relation=ops.broadcast_to(ops.convert_to_tensor(self.slot_relation), (users, slots)),
            entity=nearest_values(values, entity, vectors, 1)[0][:, :, 0],
            contribution=logit[:, -1:] - logit[:, :-1],
        )

    def item_facts(self, item: Tensor) -> tuple[Tensor, Tensor] | None:
        """The slots that an item is written into, by their relations alone: what it has there the model reads not."""
        if not self.writes:
            return None
        written = ops.cast(self._writes(item)[1], "int32")  # [..., A]
        return ops.convert_to_tensor(self.slot_relation) * written, ops.zeros_like(written)

    def state_without_fact(
        self, user: Tensor, history: Tensor, slot: Tensor, fact: Tensor, tables: None = None
    ) -> KsrState:
        entity, written = self._writes(history)
        return self._state(history, entity, ops.where(one_of(slot, fact, written), 0.0, written))

    def memory_figures(self, history: Tensor) -> dict[str, Tensor]:
        """How the memory of users [G] with `history` [G, T] behaves, averaged over them; {} where nothing is written.

        Returns:
            mean_gate: z of the newest write, over the slots; slot_similarity: mean cosine between the slots.
        """
        if not self.writes:
            return {}
        place = ops.arange(history.shape[1], dtype="int32")
        last = ops.max(ops.where(ops.not_equal(history, 0), place, -1), axis=1, keepdims=True)  # [G, 1]
        newest = ops.sum(ops.where(ops.equal(place, last), history, 0), axis=1)  # [G]
        before = self.memory.written(*self._writes(ops.where(ops.equal(place, last), 0, history)))
        gate, _ = self.memory.cell.gate(self.entity_vectors(newest), before)
        after = self.memory.written(*self._writes(history))
        return {"mean_gate": ops.mean(gate), "slot_similarity": ops.mean(mean_cosine(after))}

    # -----------------------------------------------------------------------------------------------------------------

    def _drop(self, x: Tensor, training: bool) -> Tensor:
        return x if self.dropout is None else self.dropout(x, training=training)

    def start_from(self, vectors: PretrainedEmbeddings) -> None:
        """q from BPR's items, e from the entities, k from the relations; what the model does not use is passed over.

        Raises:
            InputError: other widths than the model's, nothing for what is not trained, or a slot's relation left out.
        """
        graph = vectors.entity is not None and vectors.relation is not None
        _check_given("items", vectors.item is not None or self.item_vectors.trainable)
        _check_given("knowledge", graph or self.entity_vectors is None or self.entity_vectors.trainable)
        if vectors.item is not None:
            check_width("item_dim", vectors.item, self.item_dim)
            self.item_vectors.embeddings.assign(vectors.item)
        if vectors.entity is None or vectors.relation is None or self.entity_vectors is None:
            return
        check_width("dim", vectors.entity, self.dim)
        items = vectors.entity[: self.num_items]
        self.entity_vectors.embeddings.assign(items)
        if self.memory is not None:
            keys = _learned(vectors.relation[ops.convert_to_numpy(self.slot_relation)])
            self.memory.cell.keys.assign(keys)
            self.value_vectors.assign(vectors.entity[ops.convert_to_numpy(self.value_entity)])
            if self.shared_values:
                self.memory.values.assign(items[1:].mean(axis=0) + keys)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}


def _check(sizes: KsrSizes, knowledge: str, memory: MemoryOptions) -> None:
    """The constructor's arguments."""
    if knowledge not in KNOWLEDGE:
        raise ValueError(f"`knowledge` should be one of {KNOWLEDGE}. Received: {knowledge!r}")
    if memory.slot_write not in ("every", "own"):
        raise ValueError(f"`slot_write` should be 'every' or 'own'. Received: {memory.slot_write!r}")
    if knowledge == "memory" and sizes.num_slots < 1:
        raise ValueError(f"`num_slots` should be at least 1 with knowledge 'memory'. Received: {sizes.num_slots}")


def _check_widths(output_layers: int, knowledge: str, item_dim: int, hidden_dim: int) -> None:
    if output_layers < 1 and (output_layers < 0 or knowledge != "none" or item_dim != hidden_dim):
        wanted = "`output_layers` should be at least 1, or 0 with knowledge 'none' and `item_dim` = `hidden_dim`"
        found = f"{output_layers}, knowledge {knowledge!r}, `item_dim` {item_dim}, `hidden_dim` {hidden_dim}"
        raise ValueError(f"{wanted}. Received: {found}")


def _learned(keys: np.ndarray) -> np.ndarray:
    """The keys [A, L_K], none of them zero, as is the vector of a relation that was too rare to learn."""
    rare = int(np.sum(~keys.any(axis=1)))
    if rare:
        wanted = "expected no more than model.min_relation_triples, as every slot's relation needs a vector"
        raise InputError(f"pretraining.min_relation_triples: {wanted}, found {rare} of {len(keys)} left out")
    return keys


def _check_given(what: str, given: bool) -> None:
    if not given:
        found = "found false: random vectors, fixed"
        raise InputError(f"model.train_{what}: expected true without pre-trained vectors of {what}, {found}")
