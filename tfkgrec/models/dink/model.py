"""DINK: deep interest network on a knowledge graph (Zhang et al. 2023)."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.layers.aggregators import Aggregator, AttentionAggregator, ConcatAggregator, SumAggregator
from tfkgrec.layers.chain import build_chain, through
from tfkgrec.layers.embedding import normal_embedding
from tfkgrec.layers.inner_product_head import InnerProductHead, split_head
from tfkgrec.layers.interest_attention import InterestAttention
from tfkgrec.layers.interest_gru import InterestGRU
from tfkgrec.layers.masked import leave_out, masked_mean_weights, visible_mean
from tfkgrec.layers.pair_squares import pair_squares
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.recommender import Facts, Recommender, TableSizes, as_config, one_of, without_each
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

AGGREGATORS = ("sum", "concat", "attention", "none")


class DinkTables(NamedTuple):
    """What depends on items alone."""

    item_logit: Tensor  # what i_L and the biases add to every item's logit [I]
    vector: Tensor | None  # of every item in the head's product [I, d]; None: a look-up
    part: Tensor | None = None  # i_L's part in the first of the prediction's hidden layers [I, d]


class DinkState(NamedTuple):
    """What does not depend on the candidate."""

    history: Tensor  # item ids [G, T]
    vector: Tensor  # u [G, d]
    user_part: Tensor  # u_L's part of (13) [G, 1], or in the first of the prediction's hidden layers [G, d]
    interest: Tensor  # E(v_t) [G, T, d]
    steps: Tensor | None  # the history's vectors in the head's product [G, T, d]
    tables: DinkTables | None


class DinkExplanation(NamedTuple):
    """Interest attention over the history, and for every history item its neighbours' weights."""

    logit: Tensor  # [B]
    history_item: Tensor  # [B, T]
    attention: Tensor  # [B, T]; 0 where padded
    neighbour_relation: Tensor  # [B, T, K]
    neighbour_entity: Tensor  # [B, T, K], as the dataset numbers them
    neighbour_weight: Tensor  # [B, T, K]


@keras.saving.register_keras_serializable("tfkgrec")
class DINK(Recommender):
    """Knowledge aggregator -> interest attention -> GRU -> prediction (eqs 1-13).

    1. E(v_t): every history item seen through its K graph neighbours (1-5)        [G, T, d]
    2. a_t = softmax_t(E(v_t)^T W e_i) (6)                                         [G, M, T]
    3. h_T of a GRU over a_t E(v_t) (7-10)                                         [G, M, d]
    4. logit = W_p [u_L || i_L || h_T] + b_p (11-13), u_L and i_L L-layer MLPs     [G, M]

    Reading: a GRU (Algorithm 1 says LSTM, the text GRU); softmax over the history steps a candidate may see; the
    regulariser of eq 14 acts on the vectors of the batch (v_i as it enters the head's product, where there is one).
    Reading: eq 13 is linear, so that u_L can only be a bias of the user; Algorithm 1 has f(concat(h, u, i)), and f may
    be more: with `prediction_layers` it has so many hidden layers, relu of width d.

    Args:
        sizes: rows of the tables.
        dim: d.
        history_length: T.
        num_neighbours: K.
        aggregator: "sum", "concat", "attention"; "none" is the ablation DINK-K (no knowledge graph).
        interest_attention: False is the ablation DINK-A (plain GRU over E(v_t)).
        mlp_layers: L.
        prediction_layers: hidden layers before the last one of 4.
        l2: lambda of eq 14.

    Not in the paper:
        interest_dim: width of E(v_t) and h_T; None is d, as in the paper. The GRU runs once per pair and step, so with
            a wide d this is what training time goes into.
        include_center: the attention aggregator keeps the entity's own vector.
        scale_attention: x_t = n a_t E(v_t) with n the visible steps, so that long histories are not shrunk.
        head: biases, and products of v_i with u, h_T and the mean v_t; an item's attributes are its neighbours.
    """

    masks_history = True

    def __init__(  # long, as every argument has its line
        self,
        sizes: TableSizes,
        *,
        dim: int,
        history_length: int,
        num_neighbours: int,
        aggregator: str,
        interest_attention: bool,
        mlp_layers: int,
        l2: float,
        interest_dim: int | None,
        include_center: bool,
        scale_attention: bool,
        head: InnerProductHead | None = None,
        prediction_layers: int = 0,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        if aggregator not in AGGREGATORS:
            raise ValueError(f"`aggregator` should be one of {AGGREGATORS}. Received: {aggregator!r}")
        self._config = as_config(locals())
        self.head = InnerProductHead() if head is None else head
        width = dim if interest_dim is None else interest_dim
        if width != dim and (aggregator == "none" or self.head.interest_item_dot):
            raise ValueError(
                f"`interest_dim` should be None or {dim} with aggregator 'none' or interest_item_dot. Received: {width}"
            )
        self.num_users, self.num_items, self.num_entities, num_relations = sizes
        self.dim, self.interest_dim = dim, width
        self.history_length, self.num_neighbours = history_length, num_neighbours
        self.l2, self.scale_attention = l2, scale_attention

        self.user_embedding = normal_embedding(self.num_users, dim, "user_embedding")
        self.entity_embedding = normal_embedding(self.num_entities, dim, "entity_embedding")
        self.relation_embedding = (
            normal_embedding(num_relations, dim, "relation_embedding") if aggregator == "attention" else None
        )
        self.aggregator = _aggregator(aggregator, width, include_center)
        self.interest_attention = InterestAttention(name="interest_attention") if interest_attention else None
        self.interest_gru = InterestGRU(width, name="interest_gru")
        self.user_mlp = [keras.layers.Dense(dim, "relu", name=f"user_mlp_{n}") for n in range(mlp_layers)]
        self.item_mlp = [keras.layers.Dense(dim, "relu", name=f"item_mlp_{n}") for n in range(mlp_layers)]
        out = dim if prediction_layers else 1
        self.prediction = [  # together one layer on [u_L || i_L || h_T]
            keras.layers.Dense(out, use_bias=part == "interest", name=f"prediction_{part}")
            for part in ("user", "item", "interest")
        ]
        hidden = [keras.layers.Dense(dim, "relu", name=f"prediction_{n}") for n in range(1, prediction_layers)]
        self.rest = [*hidden, keras.layers.Dense(1, name="prediction_logit")] if prediction_layers else []

    @classmethod
    def from_settings(cls, sizes: TableSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named flat, as a config has them."""
        head, own = split_head(settings)
        return cls(sizes, **own, head=head, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        self.history = self.add_table("history", (self.num_users, self.history_length))
        self.neighbour_entity = self.add_table("neighbour_entity", (self.num_items, self.num_neighbours))
        self.neighbour_relation = self.add_table("neighbour_relation", (self.num_items, self.num_neighbours))
        self.entity_ids = self.add_table("entity_ids", (self.num_entities,))  # the dataset's ids, for names
        for table in (self.user_embedding, self.entity_embedding, self.relation_embedding):
            if table is not None:
                table.build(None)
        self.head.build(self.num_items, self.num_entities)
        d, w, t, k = self.dim, self.interest_dim, self.history_length, self.num_neighbours
        if self.aggregator is not None:
            self.aggregator.build((None, t, d), (None, t, k, d), (None, t, k, d), (None, t, k))
        if self.interest_attention is not None:
            self.interest_attention.build((None, t, w), (None, None, d), (None, None, t))
        self.interest_gru.build((None, t, w), (None, None, t), (None, None, t))
        for mlp in (self.user_mlp, self.item_mlp):
            build_chain(mlp, d)
        for layer, width in zip(self.prediction, (d, d, w), strict=True):
            layer.build((None, width))
        build_chain(self.rest, d)
        super().build(input_shape)

    def item_tables(self) -> DinkTables:
        item = ops.arange(self.num_items)
        vector = self._item_vector(item) if self.head.item_attributes else None
        return DinkTables(self._item_logit(item), vector, self._item_part(item) if self.rest else None)

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: DinkTables | None = None) -> DinkState:
        if history is None:
            history = self.read_table("history", user)  # [G, T]
        return self._state(user, history, self.read_table("neighbour_entity", history), tables)

    def _state(self, user: Tensor, history: Tensor, neighbour: Tensor, tables: DinkTables | None) -> DinkState:
        """Of histories [G, T] whose items have these neighbours [G, T, K]."""
        vector = self.user_embedding(user)  # [G, d]
        return DinkState(
            history=history,
            vector=vector,
            user_part=self.prediction[0](through(self.user_mlp, vector)),  # u_L (11)
            interest=self._aggregate(history, neighbour)[0],
            steps=self._item_vector(history, None, neighbour) if self.head.history_item_dot else None,
            tables=tables,
        )

    def score_items(
        self, state: DinkState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        return self._logit(state, item, left_out, training)

    def _logit(
        self,
        state: DinkState,
        item: Tensor,
        left_out: Tensor | None = None,
        training: bool = False,
        neighbours: Tensor | None = None,
    ) -> Tensor:
        """`score_items`, of candidates that have `neighbours` [G, M, K] instead of their own."""
        visible = leave_out(state.history, item, left_out)  # [G, M, T]
        candidate = self.entity_embedding(item)  # e_i [G, M, d]
        interest = self.interest_gru(state.interest, self._attention(state, candidate, visible), visible)  # h_T
        part = self.prediction[2](self.head.drop(interest, training)) + ops.expand_dims(state.user_part, 1)
        if self.rest:
            part = through(self.rest, ops.relu(part + self._item_part(item, state.tables, training)))
        logit = ops.squeeze(part, -1) + self._item_logit(item, state.tables, training, neighbours)  # (13)
        user = ops.expand_dims(state.vector, 1)  # [G, 1, d]
        if self.head.has_product:
            history = None if state.steps is None else visible_mean(state.steps, visible)
            candidate = self._item_vector(item, state.tables, neighbours)
            logit = logit + self.head.product(
                candidate, user=user, interest=interest, history=history, training=training
            )
        if training and self.l2:
            squares = pair_squares(item, (candidate, user), ops.sum(ops.square(state.interest)))
            self.add_loss(self.l2 * squares)  # (14)
        return logit

    def explain(self, user: Tensor, item: Tensor, tables: DinkTables | None = None) -> DinkExplanation:
        state = self.user_state(user, tables=tables)
        item, history = ops.expand_dims(item, 1), state.history
        attention = self._weights(state, self.entity_embedding(item), leave_out(history, item))
        return DinkExplanation(
            logit=ops.squeeze(self.score_items(state, item), 1),
            history_item=history,
            attention=ops.squeeze(attention, 1),
            neighbour_relation=self.read_table("neighbour_relation", history),
            neighbour_entity=self.read_table("entity_ids", self.read_table("neighbour_entity", history)),
            neighbour_weight=self._aggregate(history, self.read_table("neighbour_entity", history))[1],
        )

    @property
    def product(self) -> Literal["", "part", "whole"]:
        return "part" if self.head.user_item_dot else ""

    def item_factors(self, tables: DinkTables | None = None) -> Tensor:
        item = ops.arange(self.num_items, dtype="int32")
        return item_side(self._item_vector(item, tables), self._item_logit(item, tables))

    def user_factors(self, state: DinkState) -> Tensor:
        return user_side(state.vector)

    def own_weights(self, explanation: DinkExplanation, history: Tensor) -> Tensor:
        return explanation.attention

    def facts(self, user: Tensor, item: Tensor, tables: DinkTables | None = None) -> Facts | None:
        if not self.head.item_attributes and self.head.attribute_bias is None:
            return None  # the candidate's neighbours are not read
        neighbour = self.read_table("neighbour_entity", item)  # [B, K]
        without = ops.expand_dims(neighbour, 1) * ops.cast(without_each(self.num_neighbours), "int32")  # [B, K + 1, K]
        logit = self._logit(
            self.user_state(user, tables=tables),
            ops.repeat(ops.expand_dims(item, 1), self.num_neighbours + 1, axis=1),
            neighbours=without,
        )
        return Facts(
            relation=self.read_table("neighbour_relation", item),
            entity=self.read_table("entity_ids", neighbour),
            contribution=logit[:, -1:] - logit[:, :-1],
        )

    def item_facts(self, item: Tensor) -> tuple[Tensor, Tensor] | None:
        if self.aggregator is None and not (self.head.history_item_dot and self.head.item_attributes):
            return None
        entity = self.read_table("entity_ids", self.read_table("neighbour_entity", item))
        return self.read_table("neighbour_relation", item), entity

    def state_without_fact(
        self, user: Tensor, history: Tensor, slot: Tensor, fact: Tensor, tables: DinkTables | None = None
    ) -> DinkState:
        neighbour = self.read_table("neighbour_entity", history)  # [G, T, K]
        return self._state(user, history, ops.where(one_of(slot, fact, neighbour), 0, neighbour), tables)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}

    def _aggregate(self, item: Tensor, neighbour: Tensor) -> tuple[Tensor, Tensor]:
        """E(v) [..., d] of items with neighbours [..., K], and their weights [..., K]."""
        center = self.entity_embedding(item)
        if self.aggregator is None:  # DINK-K
            return center, ops.zeros_like(ops.cast(neighbour, center.dtype))
        vectors = self.entity_embedding(neighbour)  # [..., K, d]
        relation = self.relation_embedding
        relations = vectors if relation is None else relation(self.read_table("neighbour_relation", item))
        view, weights = self.aggregator(center, vectors, relations, ops.not_equal(neighbour, 0))
        return view, weights

    def _weights(self, state: DinkState, candidate: Tensor, visible: Tensor) -> Tensor:
        """a_t [G, M, T]; without interest attention (DINK-A) every visible step counts the same."""
        if self.interest_attention is None:
            return masked_mean_weights(visible, candidate.dtype)
        return self.interest_attention(state.interest, candidate, visible)

    def _attention(self, state: DinkState, candidate: Tensor, visible: Tensor) -> Tensor:
        """The factor of E(v_t) in x_t [G, M, T]."""
        if self.interest_attention is None:
            return ops.cast(visible, candidate.dtype)
        weights = self._weights(state, candidate, visible)
        if self.scale_attention:
            weights = weights * ops.sum(ops.cast(visible, weights.dtype), axis=-1, keepdims=True)
        return weights

    def _item_logit(
        self,
        item: Tensor,
        tables: DinkTables | None = None,
        training: bool = False,
        neighbours: Tensor | None = None,
    ) -> Tensor:
        """The item's own part of the logit: i_L's (12, 13) where it is linear, and the head's biases [...]."""
        if neighbours is None:
            if tables is not None:
                return ops.take(tables.item_logit, item, axis=0)
            neighbours = self.read_table("neighbour_entity", item)
        bias = self.head.bias(item, neighbours)
        return bias if self.rest else ops.squeeze(self._item_part(item, None, training), -1) + bias

    def _item_part(self, item: Tensor, tables: DinkTables | None = None, training: bool = False) -> Tensor:
        """i_L's part in the first layer of the prediction [..., 1 or d]."""
        if tables is not None and tables.part is not None:
            return ops.take(tables.part, item, axis=0)
        high = through(self.item_mlp, self.entity_embedding(item))  # i_L (12)
        return self.prediction[1](self.head.drop(high, training))

    def _item_vector(self, item: Tensor, tables: DinkTables | None = None, neighbours: Tensor | None = None) -> Tensor:
        """v_i in the head's product [..., d]."""
        if neighbours is None:
            if tables is not None and tables.vector is not None:
                return ops.take(tables.vector, item, axis=0)
            neighbours = self.read_table("neighbour_entity", item)
        return self.head.item_vector(item, neighbours, self.entity_embedding)


def _aggregator(kind: str, units: int, include_center: bool) -> Aggregator | None:
    if kind == "attention":
        return AttentionAggregator(units, include_center=include_center, name="aggregator")
    simple = {"sum": SumAggregator, "concat": ConcatAggregator}.get(kind)
    return None if simple is None else simple(units, name="aggregator")
