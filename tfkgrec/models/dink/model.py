"""DINK: deep interest network on a knowledge graph (papers/dink.txt)."""

from typing import Any

import keras
from keras import ops

from tfkgrec.layers.aggregators import AttentionAggregator, ConcatAggregator, SumAggregator
from tfkgrec.layers.embedding import BIAS_SPREAD, normal_embedding
from tfkgrec.layers.interest_attention import InterestAttention
from tfkgrec.layers.interest_gru import InterestGRU
from tfkgrec.layers.masked import leave_out, masked_mean, masked_mean_weights
from tfkgrec.models.recommender import Recommender

AGGREGATORS = ("sum", "concat", "attention", "none")


@keras.saving.register_keras_serializable("tfkgrec")
class DINK(Recommender):
    """Knowledge aggregator -> interest attention -> GRU -> prediction (eqs 1-13).

    1. E(v_t): every history item seen through its K graph neighbours (1-5)        [G, T, d]
    2. a_t = softmax_t(E(v_t)^T W e_i) (6)                                         [G, M, T]
    3. h_T of a GRU over a_t E(v_t) (7-10)                                         [G, M, d]
    4. logit = W_p [u_L || i_L || h_T] + b_p (11-13), u_L and i_L L-layer MLPs     [G, M]

    Reading: a GRU (Algorithm 1 says LSTM, the text GRU); softmax over the history steps a candidate may see; the
    regulariser of eq 14 acts on the vectors of the batch.

    Args:
        num_users, num_items, num_entities, num_relations: table rows, row 0 (padding, unknown) included; items are the
            first entities.
        dim: d.
        history_length: T.
        num_neighbours: K.
        aggregator: "sum", "concat", "attention"; "none" is the ablation DINK-K (no knowledge graph).
        interest_attention: False is the ablation DINK-A (plain GRU over E(v_t)).
        mlp_layers: L.
        l2: lambda of eq 14.

    Not in the paper, all off by default:
        interest_dim: width of E(v_t) and h_T; None is d, as in the paper. The GRU runs once per pair and step, so with
            a wide d this is what training time goes into.
        include_center: the attention aggregator keeps the entity's own vector.
        scale_attention: x_t = n a_t E(v_t) with n the visible steps, so that long histories are not shrunk.
        item_bias, attribute_bias: one learned scalar per item; one per entity, summed over the item's neighbours.
        user_item_dot, interest_item_dot, history_item_dot: add <u, i>, <h_T, i>, <mean_t v_t, i> to the logit.
        item_attributes: in those products an item's vector is v + the mean of its neighbours' vectors.
        dropout: on the vectors that enter the products and the prediction layer.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        num_entities: int,
        num_relations: int,
        dim: int = 16,
        history_length: int = 12,
        num_neighbours: int = 6,
        aggregator: str = "attention",
        interest_attention: bool = True,
        mlp_layers: int = 1,
        l2: float = 0.0,
        interest_dim: int | None = None,
        include_center: bool = False,
        scale_attention: bool = False,
        item_bias: bool = False,
        attribute_bias: bool = False,
        user_item_dot: bool = False,
        interest_item_dot: bool = False,
        history_item_dot: bool = False,
        item_attributes: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if aggregator not in AGGREGATORS:
            raise ValueError(f"`aggregator` should be one of {AGGREGATORS}. Received: {aggregator!r}")
        self._config = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        width = dim if interest_dim is None else interest_dim
        if width != dim and (aggregator == "none" or interest_item_dot):
            raise ValueError(
                f"`interest_dim` should be None or {dim} with aggregator 'none' or interest_item_dot. Received: {width}"
            )
        self.num_users, self.num_items = num_users, num_items
        self.num_entities, self.num_relations = num_entities, num_relations
        self.dim, self.interest_dim = dim, width
        self.history_length, self.num_neighbours = history_length, num_neighbours
        self.aggregator_kind, self.l2 = aggregator, l2
        self.scale_attention, self.item_attributes = scale_attention, item_attributes
        self.user_item_dot, self.interest_item_dot = user_item_dot, interest_item_dot
        self.history_item_dot = history_item_dot

        self.user_embedding = normal_embedding(num_users, dim, "user_embedding")
        self.entity_embedding = normal_embedding(num_entities, dim, "entity_embedding")
        self.relation_embedding = (
            normal_embedding(num_relations, dim, "relation_embedding") if aggregator == "attention" else None
        )
        self.item_bias = normal_embedding(num_items, 1, "item_bias", BIAS_SPREAD) if item_bias else None
        self.attribute_bias = (
            normal_embedding(num_entities, 1, "attribute_bias", BIAS_SPREAD) if attribute_bias else None
        )
        self.aggregator = {
            "sum": lambda: SumAggregator(width, name="aggregator"),
            "concat": lambda: ConcatAggregator(width, name="aggregator"),
            "attention": lambda: AttentionAggregator(width, include_center=include_center, name="aggregator"),
            "none": lambda: None,
        }[aggregator]()
        self.interest_attention = InterestAttention(name="interest_attention") if interest_attention else None
        self.interest_gru = InterestGRU(width, name="interest_gru")
        self.user_mlp = [keras.layers.Dense(dim, "relu", name=f"user_mlp_{n}") for n in range(mlp_layers)]
        self.item_mlp = [keras.layers.Dense(dim, "relu", name=f"item_mlp_{n}") for n in range(mlp_layers)]
        self.prediction = [
            keras.layers.Dense(1, use_bias=part == "interest", name=f"prediction_{part}")
            for part in ("user", "item", "interest")
        ]
        self.dropout = keras.layers.Dropout(dropout, name="dropout") if dropout else None

    def build(self, input_shape: Any = None) -> None:
        self.history = self.add_table("history", (self.num_users, self.history_length))
        self.neighbour_entity = self.add_table("neighbour_entity", (self.num_items, self.num_neighbours))
        self.neighbour_relation = self.add_table("neighbour_relation", (self.num_items, self.num_neighbours))
        self.entity_ids = self.add_table("entity_ids", (self.num_entities,))  # the dataset's ids, for names
        for table in (
            self.user_embedding,
            self.entity_embedding,
            self.relation_embedding,
            self.item_bias,
            self.attribute_bias,
        ):
            if table is not None:
                table.build(None)
        d, w, t, k = self.dim, self.interest_dim, self.history_length, self.num_neighbours
        if self.aggregator is not None:
            self.aggregator.build((None, t, d), (None, t, k, d), (None, t, k, d), (None, t, k))
        if self.interest_attention is not None:
            self.interest_attention.build((None, t, w), (None, None, d), (None, None, t))
        self.interest_gru.build((None, t, w), (None, None, t), (None, None, t))
        for layer in (*self.user_mlp, *self.item_mlp, *self.prediction[:2]):
            layer.build((None, d))
        self.prediction[2].build((None, w))
        super().build(input_shape)

    def item_tables(self) -> dict[str, Any]:
        """What i_L and the biases add to every item's logit [I], and its vector in the dot products [I, d]."""
        item = ops.arange(self.num_items)
        tables = {"item_logit": self._item_logit(item)}
        return {**tables, "vector": self._item_vector(item)} if self.item_attributes else tables

    def user_state(self, user: Any, history: Any | None = None, tables: dict[str, Any] | None = None) -> dict[str, Any]:
        if history is None:
            history = self.read_table("history", user)  # [G, T]
        vector = self.user_embedding(user)  # [G, d]
        high = vector
        for layer in self.user_mlp:
            high = layer(high)  # u_L (11)
        return {
            "history": history,
            "vector": vector,
            "user_logit": self.prediction[0](high),  # [G, 1]
            "interest": self._aggregate(history)[0],  # E(v_t) [G, T, d]
            "steps": self._item_vector(history) if self.history_item_dot else None,  # [G, T, d]
            "tables": tables or {},
        }

    def score_items(self, state: dict[str, Any], item: Any, left_out: Any | None = None, training: bool = False) -> Any:
        visible = leave_out(state["history"], item, left_out)  # [G, M, T]
        candidate = self.entity_embedding(item)  # e_i [G, M, d]
        interest = self.interest_gru(state["interest"], self._attention(state, candidate, visible), visible)  # h_T
        interest_logit = ops.squeeze(self.prediction[2](self._drop(interest, training)), -1)
        logit = interest_logit + state["user_logit"] + self._item_logit(item, state["tables"], training)  # (13)
        factors = [candidate, ops.expand_dims(state["vector"], 1)]
        taste = self._taste(state, interest, visible)
        if taste is not None:
            vector = self._item_vector(item, state["tables"])  # [G, M, d]
            logit = logit + ops.sum(self._drop(taste, training) * vector, axis=-1)
            factors[0] = vector
        if training and self.l2:
            self._regularise(factors, state["interest"], item)
        return logit

    def explain(self, user: Any, item: Any, tables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Interest attention over the history, and for every history item its neighbours' weights.

        Returns:
            logit [B]; history_item [B, T] and attention [B, T] (0 where padded); neighbour_relation,
            neighbour_entity (as the dataset numbers them), neighbour_weight [B, T, K].
        """
        state = self.user_state(user, tables=tables)
        item = ops.expand_dims(item, 1)
        visible = leave_out(state["history"], item)
        candidate = self.entity_embedding(item)
        history = state["history"]
        return {
            "logit": ops.squeeze(self.score_items(state, item), 1),
            "history_item": history,
            "attention": ops.squeeze(self._weights(state, candidate, visible), 1),
            "neighbour_relation": self.read_table("neighbour_relation", history),
            "neighbour_entity": self.read_table("entity_ids", self.read_table("neighbour_entity", history)),
            "neighbour_weight": self._aggregate(history)[1],
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

    def _aggregate(self, item: Any) -> tuple[Any, Any]:
        """E(v) [..., d] and the neighbours' weights [..., K]."""
        center = self.entity_embedding(item)
        neighbour = self.read_table("neighbour_entity", item)  # [..., K]
        if self.aggregator is None:  # DINK-K
            return center, ops.zeros_like(ops.cast(neighbour, center.dtype))
        vectors = self.entity_embedding(neighbour)  # [..., K, d]
        relation = self.relation_embedding
        relations = vectors if relation is None else relation(self.read_table("neighbour_relation", item))
        return self.aggregator(center, vectors, relations, ops.not_equal(neighbour, 0))

    def _weights(self, state: dict[str, Any], candidate: Any, visible: Any) -> Any:
        """a_t [G, M, T]; without interest attention (DINK-A) every visible step counts the same."""
        if self.interest_attention is None:
            return masked_mean_weights(visible, candidate.dtype)
        return self.interest_attention(state["interest"], candidate, visible)

    def _attention(self, state: dict[str, Any], candidate: Any, visible: Any) -> Any:
        """The factor of E(v_t) in x_t [G, M, T]."""
        if self.interest_attention is None:
            return ops.cast(visible, candidate.dtype)
        weights = self._weights(state, candidate, visible)
        if self.scale_attention:
            weights = weights * ops.sum(ops.cast(visible, weights.dtype), axis=-1, keepdims=True)
        return weights

    def _item_logit(self, item: Any, tables: dict[str, Any] | None = None, training: bool = False) -> Any:
        """The item's own part of the logit: i_L's (12, 13), and the biases [...]."""
        if tables:
            return ops.take(tables["item_logit"], item, axis=0)
        high = self.entity_embedding(item)
        for layer in self.item_mlp:
            high = layer(high)  # i_L (12)
        return ops.squeeze(self.prediction[1](self._drop(high, training)), -1) + self._biases(item)

    def _item_vector(self, item: Any, tables: dict[str, Any] | None = None) -> Any:
        """v, or v + the mean of its neighbours [..., d]."""
        if tables and "vector" in tables:
            return ops.take(tables["vector"], item, axis=0)
        vector = self.entity_embedding(item)
        if not self.item_attributes:
            return vector
        neighbour = self.read_table("neighbour_entity", item)
        return vector + masked_mean(self.entity_embedding(neighbour), ops.not_equal(neighbour, 0))

    def _biases(self, item: Any) -> Any:
        """What the item itself and its attributes add to the logit (not in the paper), [...] or 0."""
        total: Any = 0.0
        if self.item_bias is not None:
            total = total + ops.squeeze(self.item_bias(item), -1)
        if self.attribute_bias is not None:
            neighbour = self.read_table("neighbour_entity", item)  # [..., K]
            biases = ops.squeeze(self.attribute_bias(neighbour), -1)
            total = total + ops.sum(biases * ops.cast(ops.not_equal(neighbour, 0), biases.dtype), axis=-1)
        return total

    def _taste(self, state: dict[str, Any], interest: Any, visible: Any) -> Any:
        """What is multiplied with the item's vector (not in the paper), [G, 1 or M, d], or None."""
        terms = []
        if self.user_item_dot:
            terms.append(ops.expand_dims(state["vector"], 1))  # [G, 1, d]
        if self.interest_item_dot:
            terms.append(interest)  # [G, M, d]
        if self.history_item_dot:
            terms.append(ops.matmul(masked_mean_weights(visible, interest.dtype), state["steps"]))  # [G, M, d]
        return sum(terms[1:], terms[0]) if terms else None

    def _drop(self, x: Any, training: bool) -> Any:
        return x if self.dropout is None else self.dropout(x, training=training)

    def _regularise(self, factors: list[Any], interest: Any, item: Any) -> None:
        """lambda ||theta||^2 (14) over the vectors of the batch, per labelled pair.

        With dot terms the item's vector is the one that enters the product, attributes included.
        """
        real = ops.cast(ops.not_equal(item, 0), interest.dtype)  # [G, M]
        used = ops.sum(ops.square(interest))
        for vectors in factors:
            used = used + ops.sum(ops.sum(ops.square(vectors), -1) * real)
        self.add_loss(self.l2 * used / ops.maximum(ops.sum(real), 1.0))
