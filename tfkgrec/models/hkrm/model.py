"""HKRM: hierarchical knowledge-based recommendation (papers/hkrm.txt)."""

from typing import Any

import keras
import numpy as np
from keras import ops

from tfkgrec.kge.embeddings import PretrainedEmbeddings, check_width, needed
from tfkgrec.layers.distribution_distance import KINDS, distance_loss, shared_divergence
from tfkgrec.layers.embedding import Embedding
from tfkgrec.layers.field_vectors import COMBINE, field_vectors
from tfkgrec.layers.item_attribute_duet import ItemAttributeDuet
from tfkgrec.layers.masked import leave_out
from tfkgrec.layers.proximity_distribution import ProximityDistribution
from tfkgrec.layers.query_attention import QueryAttention
from tfkgrec.models.hkrm.attribute_tables import AttributeTables


@keras.saving.register_keras_serializable("tfkgrec")
class HKRM(AttributeTables):
    """Query and target at item and attribute level -> duet (eqs 1-13).

    1. q_s = sum_i alpha_i e_i over the history, t_s = e_t (1, 2)                            [G, M, d]
    2. o_j of every item: the mean of its values in field j (3)
    3. p(a_j|q), p(a_j|t): how important each field is to the user and to the item (4, 5)    [G, M, A]
    4. q_A = softmax(MLP(p(.|q))), t_A likewise (6, 7)                                       [G, M, d]
    5. logit = q_s.t_s + q_A.t_A + q_s.t_A + q_A.t_s (10, 11)                                [G, M]

    What depends on items alone (3, and 5's half of it) is worked out once for the whole catalogue; only what items have
    is stored and computed (data/attributes.py). Call inputs may hold `label` and `weight` [G, M]: in training the
    distance loss (8, 9) is added for them. Logits never read them.

    Args:
        num_users, num_items, num_entities: table rows, row 0 (padding, unknown) included; items are the first entities.
        num_fields, num_slots, num_values, max_values: sizes of the tables of `data.attributes.Attributes`, slot 0
            included.
        dim: d.
        history_length: T, the most items of a query.
        combine: "mean" or "sum" of a field's values (3).
        level: "both"; "item" is the ablation HKRM-Item, "attribute" HKRM-Attr.
        distance_loss: "contrastive", "positive_only"; "none" is the ablation HKRM-woKL. Without the attribute level
            there are no distributions to compare, and it has no say.
        margin: how far apart (nats) the distributions of an irrelevant pair are pushed.
        distance_weight: lambda1 of eq 13.
        l2: lambda2 of eq 13, on the whole matrices E and R.

    Not in the paper, all off by default:
        initial_spread: standard deviation of the first entity vectors; None is Xavier, as in the paper.
        item_bias, attribute_bias: one learned scalar per item; one per entity, summed over the item's values.
        item_attributes: an item's vector is e + sum_j p(a_j|item) o_j, as target and in the query.
        user_item_dot: add <u, t_s> with a vector for every user.
        dropout: on the vectors that enter the products.
        pair_l2: squares of the batch's vectors (items with their attributes, users), per labelled pair.
    """

    reads_labels = True

    def __init__(
        self,
        num_users: int,
        num_items: int,
        num_entities: int,
        num_fields: int,
        num_slots: int,
        num_values: int,
        max_values: int,
        dim: int = 50,
        history_length: int = 20,
        combine: str = "mean",
        level: str = "both",
        distance_loss: str = "contrastive",
        margin: float = 1.0,
        distance_weight: float = 1.0,
        l2: float = 1e-7,
        initial_spread: float | None = None,
        item_bias: bool = False,
        attribute_bias: bool = False,
        item_attributes: bool = False,
        user_item_dot: bool = False,
        dropout: float = 0.0,
        pair_l2: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value, choices in (("combine", combine, COMBINE), ("distance_loss", distance_loss, KINDS)):
            if value not in choices:
                raise ValueError(f"`{name}` should be one of {choices}. Received: {value!r}")
        self._config = {k: v for k, v in locals().items() if k in HKRM.__init__.__annotations__ and k != "kwargs"}
        self.num_users, self.num_items, self.num_entities = num_users, num_items, num_entities
        self.num_fields, self.num_slots = num_fields, num_slots
        self.num_values, self.max_values = num_values, max_values
        self.dim, self.history_length, self.combine = dim, history_length, combine
        self.with_attribute_level = level != "item"
        self.distance_loss = distance_loss if self.with_attribute_level else "none"
        self.margin, self.distance_weight = margin, distance_weight
        self.item_attributes, self.l2, self.pair_l2 = item_attributes, l2, pair_l2

        def spread() -> Any:
            """An initializer each: a shared one draws the same numbers twice."""
            return (
                "glorot_uniform" if initial_spread is None else keras.initializers.RandomNormal(stddev=initial_spread)
            )

        def table(rows: int, width: int, name: str, initializer: Any) -> Embedding:
            return Embedding(rows, width, embeddings_initializer=initializer, name=name)

        self.query_attention = QueryAttention(num_items, name="query_attention")
        self.entity_embedding = table(num_entities, dim, "entity_embedding", spread())
        needs_fields = self.with_attribute_level or item_attributes
        self.proximity: Any = ProximityDistribution(name="proximity_distribution") if needs_fields else None
        self.duet = ItemAttributeDuet(dim, level, name="item_attribute_duet")
        self.user_embedding = table(num_users, dim, "user_embedding", spread()) if user_item_dot else None
        self.item_bias = table(num_items, 1, "item_bias", "zeros") if item_bias else None
        self.attribute_bias = table(num_entities, 1, "attribute_bias", "zeros") if attribute_bias else None
        self.dropout = keras.layers.Dropout(dropout, name="dropout") if dropout else None

    def build(self, input_shape: Any = None) -> None:
        a, d, t = self.num_fields, self.dim, self.history_length
        self.history = self.add_table("history", (self.num_users, t))
        self.add_attribute_tables(a, self.num_entities)
        tables = (self.entity_embedding, self.user_embedding, self.item_bias, self.attribute_bias)
        for layer in (self.query_attention, *tables):
            if layer is not None:
                layer.build(None)
        if self.proximity is not None:
            self.proximity.build((None, t, a, d), (None, None, d), (None, None, t), (None, t, a))
        self.duet.build((None, d), (None, d), (None, a), (None, a))
        super().build(input_shape)

    def start_from(self, vectors: PretrainedEmbeddings) -> None:
        """Entities start from the graph's vectors, the fields' r_j from their relations'."""
        entity = needed(vectors, "entity", "hkrm")
        check_width("dim", entity, self.dim)
        self.entity_embedding.embeddings.assign(entity[np.asarray(self.entity_ids)])
        relation = vectors.relation
        if self.proximity is not None and relation is not None and relation.shape[1] == self.dim:  # transr's may not be
            self.proximity.relation.assign(relation[np.asarray(self.field_relation)])

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        item, left_out = inputs["item"], inputs.get("left_out")
        state = self.user_state(inputs["user"], inputs.get("history"))
        if not training:
            return self.score_items(state, item, left_out)
        query = self._query(state, item, left_out)
        if "label" in inputs and self.distance_loss != "none":
            distance = self._distance(state, query, item, inputs["label"], inputs["weight"])
            self.add_loss(self.distance_weight * distance)
        return self._train_logit(state, query, item)

    def item_tables(self) -> dict[str, Any]:
        """The catalogue's vectors and distributions, and t_s + t_A of every item: side [I, d]."""
        tables = self._catalogue()
        if not self.with_attribute_level:
            tables.pop("fields", None)  # nothing reads them once the vectors are made
        return {**tables, "side": self.duet.side(tables["vector"], tables.get("distribution"))}

    def user_state(self, user: Any, history: Any | None = None, tables: dict[str, Any] | None = None) -> dict[str, Any]:
        if history is None:
            history = self.read_table("history", user)  # [G, T]
        catalogue = self._catalogue() if tables is None else tables
        state = {"history": history, "catalogue": catalogue, "vector": None}
        state["steps"] = ops.take(catalogue["vector"], history, axis=0)  # e_i [G, T, d]
        if self.user_embedding is not None:
            state["vector"] = self.user_embedding(user)  # [G, d]
        if self.with_attribute_level:
            slot = self.read_table("item_slot", history)  # [G, T, A]
            state["fields"] = ops.take(catalogue["fields"], slot, axis=0)  # o_j of the history [G, T, A, d]
            state["field_mask"] = ops.not_equal(slot, 0)
        return state

    def score_items(self, state: dict[str, Any], item: Any, left_out: Any | None = None, training: bool = False) -> Any:
        if training:
            return self._train_logit(state, self._query(state, item, left_out), item)
        if left_out is not None or (item.shape[1] is not None and item.shape[1] <= self.history_length):
            query = self._query(state, item, left_out)
            side = self.duet.side(query["vector"], query["distribution"])
        else:
            side = self._side_by_slot(state, item)
        return self._match(state, side, item)

    def explain(self, user: Any, item: Any, tables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The two distributions side by side, with the history and the target's values (the paper's figure 5).

        Returns:
            logit [B]; history_item, item_weight [B, T], alpha of eq 2; field_relation [B, A]; query_distribution,
            target_distribution [B, A], p(.|q) and p(.|t), zeros in a model that works neither out; field_match
            [B, A, A], their outer product, query by target; value_entity [B, A, V], what the target has in each field
            (as the dataset numbers entities).
        """
        state, candidate = self.user_state(user, tables=tables), ops.expand_dims(item, 1)
        query = self._query(state, candidate, None)
        distribution = state["catalogue"].get("distribution")
        if distribution is None:
            p_query = p_target = ops.zeros((1, self.num_fields)) * ops.cast(candidate, "float32")  # [B, A]
        else:
            p_target = ops.take(distribution, item, axis=0)
            p_query = self._query_distribution(state, query)[:, 0]
        return {
            "logit": self.score_items(state, candidate)[:, 0],
            "history_item": state["history"],
            "item_weight": query["alpha"][:, 0],
            "field_relation": ops.convert_to_tensor(self.field_relation)[None] + ops.zeros_like(candidate),
            "query_distribution": p_query,
            "target_distribution": p_target,
            "field_match": ops.expand_dims(p_query, 2) * ops.expand_dims(p_target, 1),
            "value_entity": self.values_of(item),
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

    def _catalogue(self) -> dict[str, Any]:
        """What depends on items alone: vector [I, d]; if there are any, bias [I], o [S, d] and p(.|t) [I, A]."""
        entity = self.entity_embedding.table()
        vector, bias = entity[: self.num_items], self._biases()
        found: dict[str, Any] = {"vector": vector} if bias is None else {"vector": vector, "bias": bias}
        if self.proximity is None:
            return found
        slot_item, slot_field = self.table_of("slot_item"), self.table_of("slot_field")
        values = ops.take(entity, self.table_of("value_entity"), axis=0)
        fields = field_vectors(values, self.table_of("value_slot"), self.num_slots, self.combine)
        owner = ops.take(vector, slot_item, axis=0)
        distribution = self.proximity.of_items(fields, slot_field, owner, self.table_of("item_slot"))
        if self.item_attributes:
            place = slot_item * self.num_fields + slot_field
            weight = ops.take(ops.reshape(distribution, (-1,)), place)  # p(a_j|item) of every slot
            found["vector"] = vector + self.sum_over_slots(ops.expand_dims(weight, -1) * fields)
        return {**found, "fields": fields, "distribution": distribution}

    def _query(self, state: dict[str, Any], item: Any, left_out: Any | None) -> dict[str, Any]:
        """alpha [G, M, T], q_s [G, M, d], p(.|q) [G, M, A] or None, of what each candidate leaves of the history."""
        visible = leave_out(state["history"], item, left_out)  # [G, M, T]
        alpha = self.query_attention(state["history"], visible)
        vector = ops.matmul(alpha, state["steps"])  # q_s (1)
        distribution = None
        if self.with_attribute_level:
            distribution = self.proximity(state["fields"], vector, alpha, state["field_mask"])
        return {"alpha": alpha, "vector": vector, "distribution": distribution}

    def _query_distribution(self, state: dict[str, Any], query: dict[str, Any]) -> Any:
        """p(.|q) [G, M, A]; at the item level that of the history, p(.|item) averaged by alpha."""
        if query["distribution"] is not None:
            return query["distribution"]
        weight = ops.matmul(query["alpha"], ops.take(state["catalogue"]["distribution"], state["history"], axis=0))
        total = ops.sum(weight, axis=-1, keepdims=True)  # below 1 where an item has no field
        return weight / ops.where(total > 0, total, 1.0)

    def _side_by_slot(self, state: dict[str, Any], item: Any) -> Any:
        """q_s + q_A [G, M, d] where candidates are many: they differ by the history item that they leave out, if any.

        So T + 1 queries serve all of them: one without each history item, and one with all.
        """
        history, length = state["history"], self.history_length
        stand_in = ops.concatenate([history, ops.zeros_like(history[:, :1])], axis=1)  # [G, T + 1]
        query = self._query(state, stand_in, None)
        sides = self.duet.side(query["vector"], query["distribution"])  # [G, T + 1, d]
        hit = ops.equal(ops.expand_dims(history, 1), ops.expand_dims(item, 2))  # [G, M, T]
        hit = ops.logical_and(hit, ops.expand_dims(ops.not_equal(history, 0), 1))
        slot = ops.where(ops.any(hit, axis=2), ops.argmax(hit, axis=2), length)  # [G, M]
        row = ops.expand_dims(ops.arange(ops.shape(history)[0], dtype="int32"), 1)
        flat = ops.reshape(sides, (-1, self.dim))
        return ops.take(flat, row * (length + 1) + ops.cast(slot, "int32"), axis=0)

    def _match(self, state: dict[str, Any], query_side: Any, item: Any, training: bool = False) -> Any:
        """The duet, factored into (q_s + q_A) . (t_s + t_A), and what is added to it."""
        catalogue = state["catalogue"]
        target = ops.take(catalogue["vector"], item, axis=0)  # t_s [G, M, d]
        if "side" in catalogue:
            target_side = ops.take(catalogue["side"], item, axis=0)
        elif self.with_attribute_level:
            target_side = self.duet.side(target, ops.take(catalogue["distribution"], item, axis=0))
        else:
            target_side = target
        logit = ops.sum(self._drop(query_side, training) * self._drop(target_side, training), axis=-1)
        if state["vector"] is not None:
            logit = logit + ops.sum(ops.expand_dims(self._drop(state["vector"], training), 1) * target, axis=-1)
        return logit + ops.take(catalogue["bias"], item, axis=0) if "bias" in catalogue else logit

    def _train_logit(self, state: dict[str, Any], query: dict[str, Any], item: Any) -> Any:
        if self.l2:
            squares = ops.sum(ops.square(self.entity_embedding.table()))
            if self.proximity is not None:
                squares = squares + ops.sum(ops.square(self.proximity.relation))
            self.add_loss(self.l2 * squares)  # (13)
        if self.pair_l2:
            self._regularise_pairs(state, item)
        return self._match(state, self.duet.side(query["vector"], query["distribution"]), item, training=True)

    def _regularise_pairs(self, state: dict[str, Any], item: Any) -> None:
        real = ops.cast(ops.not_equal(item, 0), "float32")  # [G, M]
        held = ops.cast(ops.not_equal(state["history"], 0), "float32")  # [G, T]
        target = ops.take(state["catalogue"]["vector"], item, axis=0)
        used = ops.sum(ops.sum(ops.square(target), -1) * real) + ops.sum(ops.sum(ops.square(state["steps"]), -1) * held)
        if state["vector"] is not None:
            used = used + ops.sum(ops.sum(ops.square(state["vector"]), -1, keepdims=True) * real)
        self.add_loss(self.pair_l2 * used / ops.maximum(ops.sum(real), 1.0))

    def _distance(self, state: dict[str, Any], query: dict[str, Any], item: Any, label: Any, weight: Any) -> Any:
        """L_a (8, 9) over the pairs whose sides share a field."""
        p_query = query["distribution"]
        p_target = ops.take(state["catalogue"]["distribution"], item, axis=0)
        shared = ops.logical_and(p_query > 0, ops.not_equal(self.read_table("item_slot", item), 0))
        weight = weight * ops.cast(ops.any(shared, axis=-1), weight.dtype)
        divergence = shared_divergence(p_query, p_target, shared)
        return distance_loss(divergence, label, weight, self.distance_loss, self.margin)

    def _biases(self) -> Any:
        """What every item itself and its values add to the logit [I], or None."""
        parts = [] if self.item_bias is None else [ops.squeeze(self.item_bias.table(), -1)]
        if self.attribute_bias is not None:
            parts.append(self.sum_over_values(ops.squeeze(self.attribute_bias.table(), -1)))
        return sum(parts[1:], parts[0]) if parts else None

    def _drop(self, x: Any, training: bool) -> Any:
        return x if self.dropout is None else self.dropout(x, training=training)
