"""HKRM: hierarchical knowledge-based recommendation (Sun et al. 2020)."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
import numpy as np
from keras import ops

from tfkgrec.kge.embeddings import PretrainedEmbeddings, check_width, needed
from tfkgrec.layers.distinct import distinct, most_of
from tfkgrec.layers.distribution_distance import KINDS, distance_loss, shared_cross_entropy, shared_divergence
from tfkgrec.layers.embedding import Embedding
from tfkgrec.layers.field_vectors import COMBINE, field_vectors
from tfkgrec.layers.inner_product_head import InnerProductHead, split_head
from tfkgrec.layers.item_attribute_duet import ItemAttributeDuet
from tfkgrec.layers.masked import leave_out, normalise
from tfkgrec.layers.proximity_distribution import ProximityDistribution
from tfkgrec.layers.query_attention import QueryAttention
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.hkrm.attribute_tables import AttributeSizes, AttributeTables
from tfkgrec.models.recommender import Facts, Recommender, as_config
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

OF_FIRST_READING = {"attribute_output": "softmax"}
"""What a saved model has that does not name it."""

MOST_FACTS = 32
"""Values of a candidate that are left out in turn: the first ones, field by field."""
MOST_OF_LIKED = 8
"""The same of an item of the history."""


WORTH_IT = 1.5
"""How many times the items and values of a batch the catalogue has to have, for the batch's to be worked out alone.

Below, one pass over the tables as they lie costs less: `benchmark growth --models hkrm` measures both.
"""


class Catalogue(NamedTuple):
    """What depends on items alone, and what there is of it: of all items, or of those that a batch names."""

    vector: Tensor  # [I, d]
    bias: Tensor  # the head's [I]
    fields: Tensor | None = None  # o of every slot [S, d]; of a batch's items of every field [I, A, d]
    distribution: Tensor | None = None  # p(.|t) [I, A]
    side: Tensor | None = None  # t_s + t_A [I, d]


class HkrmState(NamedTuple):
    """What does not depend on the candidate."""

    history: Tensor  # item ids [G, T]
    row: Tensor  # where the catalogue has them [G, T]
    catalogue: Catalogue
    user: Tensor | None  # the user's vector in the head's product [G, d]
    steps: Tensor  # e_i [G, T, d]
    fields: Tensor | None  # o_j of the history [G, T, A, d]
    field_mask: Tensor | None  # which of them there are, bool [G, T, A]


class Query(NamedTuple):
    """What each candidate leaves of the history."""

    alpha: Tensor  # [G, M, T]
    vector: Tensor  # q_s [G, M, d]
    distribution: Tensor | None  # p(.|q) [G, M, A]


class HkrmExplanation(NamedTuple):
    """The two distributions side by side, with the history and the target's values (the paper's figure 5)."""

    logit: Tensor  # [B]
    history_item: Tensor  # [B, T]
    item_weight: Tensor  # alpha of eq 2 [B, T]
    field_relation: Tensor  # [B, A]
    query_distribution: Tensor  # p(.|q) [B, A]; zeros in a model that works out neither distribution
    target_distribution: Tensor  # p(.|t) [B, A]
    field_match: Tensor  # their outer product, query by target [B, A, A]
    value_entity: Tensor  # what the target has in each field, as the dataset numbers entities [B, A, V]


@keras.saving.register_keras_serializable("tfkgrec")
class HKRM(AttributeTables):
    """Query and target at item and attribute level -> duet (eqs 1-13).

    1. q_s = sum_i alpha_i e_i over the history, t_s = e_t (1, 2)                            [G, M, d]
    2. o_j of every item: the sum of its values in field j (3)
    3. p(a_j|q), p(a_j|t): how important each field is to the user and to the item (4, 5)    [G, M, A]
    4. q_A = MLP(p(.|q)), t_A likewise (6, 7)                                                [G, M, d]
    5. logit = q_s.t_s + q_A.t_A + q_s.t_A + q_A.t_s (10, 11)                                [G, M]

    What depends on items alone (3, and 5's half of it) is worked out once for the whole catalogue; only what items have
    is stored and computed (attributes.py). Call inputs may hold `label` and `weight` [G, M]: in training the
    distance loss (8, 9) is added for them. Logits never read them.

    Args:
        sizes: rows of the tables.
        dim: d.
        history_length: T, the most items of a query.
        combine: "sum" of a field's values (3), or their "mean".
        level: "both"; "item" is the ablation HKRM-Item, "attribute" HKRM-Attr.
        attribute_output: of the MLP of 4: "linear", or "softmax", as in a model saved without the argument.
        distance_loss: of the distributions of relevant pairs (9): "positive_only" is their KL divergence; or
            "cross_entropy"; "contrastive" pushes those of irrelevant pairs apart, too, `margin` nats; "none" is the
            ablation HKRM-woKL. Without the attribute level there are no distributions to compare, and it has no say.
        distance_weight: lambda1 of eq 13.
        l2: lambda2 of eq 13, on the whole matrices E and R.

    Not in the paper:
        initial_spread: standard deviation of the first entity vectors; None is Xavier, as in the paper.
        head: biases, and the product of t_s with a user's vector; an item's attributes are its values, weighed:
            with `item_attributes` its vector is e + sum_j p(a_j|item) o_j, as target and in the query.
    """

    reads_labels = True
    masks_history = True
    records = {**Recommender.records, "sizes": AttributeSizes}

    def __init__(  # long, as every argument has its line
        self,
        sizes: AttributeSizes,
        *,
        dim: int,
        history_length: int,
        combine: str,
        level: str,
        attribute_output: str,
        distance_loss: str,
        margin: float,
        distance_weight: float,
        l2: float,
        initial_spread: float | None,
        head: InnerProductHead | None = None,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        for name, value, choices in (("combine", combine, COMBINE), ("distance_loss", distance_loss, KINDS)):
            if value not in choices:
                raise ValueError(f"`{name}` should be one of {choices}. Received: {value!r}")
        self._config = as_config({k: v for k, v in locals().items() if k not in ("name", "value", "choices")})
        self.head = InnerProductHead() if head is None else head
        self.sizes, self.num_items = sizes, sizes.num_items
        self.history_length, self.whole_histories = history_length, sizes.whole_histories
        self.dim, self.combine = dim, combine
        self.with_attribute_level = level != "item"
        self.distance_loss = distance_loss if self.with_attribute_level else "none"
        self.margin, self.distance_weight, self.l2 = margin, distance_weight, l2

        def table(rows: int, name: str) -> Embedding:
            # an initializer each: a shared one draws the same numbers twice
            normal = initial_spread is not None and keras.initializers.RandomNormal(stddev=initial_spread)
            return Embedding(rows, dim, embeddings_initializer=normal or "glorot_uniform", name=name)

        self.query_attention = QueryAttention(sizes.num_items, name="query_attention")
        self.entity_embedding = table(sizes.num_entities, "entity_embedding")
        needs_fields = self.with_attribute_level or self.head.item_attributes
        self.proximity: Any = ProximityDistribution(name="proximity_distribution") if needs_fields else None
        self.duet = ItemAttributeDuet(dim, level, attribute_output, name="item_attribute_duet")
        self.user_embedding = table(sizes.num_users, "user_embedding") if self.head.user_item_dot else None

    @classmethod
    def from_settings(cls, sizes: AttributeSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named flat, as a config has them, without those of `collect_attributes`."""
        head, own = split_head(settings, {"pair_l2": "l2"}, bias_spread=0.0)
        return cls(sizes, **own, head=head, **kwargs)

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return super().from_config({**OF_FIRST_READING, **config})

    def build(self, input_shape: Shape | None = None) -> None:
        a, d, t = self.sizes.num_fields, self.dim, self.history_length
        self.add_history(self.sizes.num_users)
        self.add_attribute_tables(self.sizes)
        if self.query_attention is not None:
            self.query_attention.build((None, t), (None, None, t))
        for table in (self.entity_embedding, self.user_embedding):
            if table is not None:
                table.build(None)
        self.head.build(self.num_items, self.sizes.num_entities)
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

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        user, item, left_out = inputs["user"], inputs["item"], inputs.get("left_out")
        if not training:
            return self.score_items(self.user_state(user, inputs.get("history")), item, left_out)
        history = self.history_of(user) if inputs.get("history") is None else inputs["history"]
        catalogue, rows, row = self._of_batch(history, item)
        state = self._state(user, history, rows, catalogue)
        query = self._query(state, item, left_out)
        if "label" in inputs and self.distance_loss != "none":
            distance = self._distance(state, query, item, row, inputs["label"], inputs["weight"])
            self.add_loss(self.distance_weight * distance)
        return self._train_logit(state, query, item, row)

    def item_tables(self) -> Catalogue:
        catalogue = self._catalogue()
        fields = catalogue.fields if self.with_attribute_level else None  # nothing reads them once the vectors are made
        side = self.duet.side(catalogue.vector, catalogue.distribution) if self.with_attribute_level else None
        return catalogue._replace(fields=fields, side=side)  # None: the vector is the side

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: Catalogue | None = None) -> HkrmState:
        if history is None:
            history = self.history_of(user)  # [G, T]
        return self._state(user, history, history, self._catalogue() if tables is None else tables)

    def _state(self, user: Tensor, history: Tensor, row: Tensor, catalogue: Catalogue) -> HkrmState:
        """Of users [G] with histories [G, T], which the catalogue has in `row` [G, T]."""
        fields = field_mask = None
        if self.with_attribute_level:
            of_items: Tensor = catalogue.fields
            slot = self.read_table("item_slot", history)  # [G, T, A]
            place = slot if len(of_items.shape) == 2 else row
            fields, field_mask = ops.take(of_items, place, axis=0), ops.not_equal(slot, 0)
        return HkrmState(
            history=history,
            row=row,
            catalogue=catalogue,
            user=None if self.user_embedding is None else self.user_embedding(user),
            steps=ops.take(catalogue.vector, row, axis=0),
            fields=fields,
            field_mask=field_mask,
        )

    def score_items(
        self, state: HkrmState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        if training:
            return self._train_logit(state, self._query(state, item, left_out), item, item)
        steps = state.history.shape[1] or self.history_length
        if left_out is not None or (item.shape[1] is not None and item.shape[1] <= steps):
            query = self._query(state, item, left_out)
            side = self.duet.side(query.vector, query.distribution)
        else:
            side = self._side_by_place(state, item)
        return self._match(state, side, item)

    def explain(self, user: Tensor, item: Tensor, tables: Catalogue | None = None) -> HkrmExplanation:
        state, candidate = self.user_state(user, tables=tables), ops.expand_dims(item, 1)
        query = self._query(state, candidate, None)
        distribution = state.catalogue.distribution
        if distribution is None:
            p_query = p_target = ops.zeros((1, self.sizes.num_fields)) * ops.cast(candidate, "float32")  # [B, A]
        else:
            p_target = ops.take(distribution, item, axis=0)
            p_query = self._query_distribution(state, query)[:, 0]
        return HkrmExplanation(
            logit=self.score_items(state, candidate)[:, 0],
            history_item=state.history,
            item_weight=query.alpha[:, 0],
            field_relation=ops.convert_to_tensor(self.field_relation)[None] + ops.zeros_like(candidate),
            query_distribution=p_query,
            target_distribution=p_target,
            field_match=ops.expand_dims(p_query, 2) * ops.expand_dims(p_target, 1),
            value_entity=self.read_table("entity_ids", self.values_of(item)),
        )

    def own_weights(self, explanation: HkrmExplanation, history: Tensor) -> Tensor:
        return explanation.item_weight

    def facts(self, user: Tensor, item: Tensor, tables: Catalogue | None = None) -> Facts | None:
        """The candidate's values, the first `MOST_FACTS` of them."""
        if self.proximity is None and self.head.attribute_bias is None:
            return None  # they are not read
        state, column = self.user_state(user, tables=tables), ops.expand_dims(item, 1)
        values, order = self.values_of(item), self._first_values(item, MOST_FACTS)
        every = ops.full_like(order[:, :1], -1)  # which is no place: nothing is gone
        gone = ops.expand_dims(ops.concatenate([order, every], axis=1), 2)  # [B, F + 1, 1]
        query = self._query(state, column, None)
        query_side = self.duet.side(query.vector, query.distribution)
        logit = self._logit_of_values(state, query_side, item, values, _left(values, gone))
        relation, entity = self._named(values, order)
        return Facts(relation=relation, entity=entity, contribution=logit[:, -1:] - logit[:, :-1])

    def item_facts(self, item: Tensor) -> tuple[Tensor, Tensor] | None:
        """An item's values, the first `MOST_OF_LIKED` of them."""
        if self.proximity is None:
            return None
        flat = ops.reshape(item, (-1,))
        found = self._named(self.values_of(flat), self._first_values(flat, MOST_OF_LIKED))
        relation, entity = (ops.reshape(part, (*ops.shape(item), part.shape[1])) for part in found)
        return relation, entity

    def state_without_fact(
        self, user: Tensor, history: Tensor, slot: Tensor, fact: Tensor, tables: Catalogue | None = None
    ) -> HkrmState:
        state = self.user_state(user, history, tables)
        item = ops.take_along_axis(history, ops.expand_dims(slot, 1), axis=1)[:, 0]  # [G]
        values, order = self.values_of(item), self._first_values(item, MOST_OF_LIKED)
        order = ops.concatenate([order, ops.full_like(order[:, :1], -1)], axis=1)
        gone = ops.take_along_axis(order, ops.expand_dims(ops.minimum(fact, order.shape[1] - 1), 1), axis=1)
        kept = _left(values, ops.expand_dims(gone, 2))  # [G, 1, A, V]
        vector, fields, _ = self._of_values(item, values, kept)
        here = ops.equal(ops.expand_dims(slot, 1), ops.arange(ops.shape(history)[1], dtype="int32"))  # [G, T]
        steps = ops.where(ops.expand_dims(here, 2), vector, state.steps)
        if not self.with_attribute_level:
            return state._replace(steps=steps)
        there = ops.where(ops.expand_dims(here, 2), ops.any(kept, axis=3), state.field_mask)
        return state._replace(
            steps=steps, fields=ops.where(here[..., None, None], fields, state.fields), field_mask=there
        )

    @property
    def product(self) -> Literal["", "part", "whole"]:
        """Whole: all candidates that are not in the history see the same query."""
        return "whole"

    def item_factors(self, tables: Catalogue | None = None) -> Tensor:
        tables = self.item_tables() if tables is None else tables
        side = tables.vector if tables.side is None else tables.side
        vectors = [side, tables.vector] if self.user_embedding is not None else [side]
        return item_side(ops.concatenate(vectors, axis=1), tables.bias)

    def user_factors(self, state: HkrmState) -> Tensor:
        query = self._query(state, ops.zeros_like(state.history[:, :1]), None)  # of a candidate that nobody has taken
        side = self.duet.side(query.vector, query.distribution)[:, 0]
        return user_side(side if state.user is None else ops.concatenate([side, state.user], axis=1))

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}

    def _catalogue(self) -> Catalogue:
        """Without `side`."""
        entity = self.entity_embedding.table()
        vector, bias = entity[: self.num_items], self._bias()
        if self.proximity is None:
            return Catalogue(vector, bias)
        slot_item, slot_field = self.table_of("slot_item"), self.table_of("slot_field")
        values = ops.take(entity, self.table_of("value_entity"), axis=0)
        fields = field_vectors(values, self.table_of("value_slot"), self.sizes.num_slots, self.combine)
        owner = ops.take(vector, slot_item, axis=0)
        distribution = self.proximity.of_items(fields, slot_field, owner, self.table_of("item_slot"))
        if self.head.item_attributes:
            place = slot_item * self.sizes.num_fields + slot_field
            weight = ops.take(ops.reshape(distribution, (-1,)), place)  # p(a_j|item) of every slot
            vector = vector + self.sum_over_slots(ops.expand_dims(weight, -1) * fields)
        return Catalogue(vector, bias, fields, distribution)

    def _of_batch(self, history: Tensor, item: Tensor) -> tuple[Catalogue, Tensor, Tensor]:
        """A catalogue that has the items of history [G, T] and item [G, M], and where it has them.

        Of these items alone, where they and their values are few beside all that there are.
        """
        room = self._room((*history.shape, *item.shape))
        if room is None:
            return self._catalogue(), history, item
        named = ops.concatenate([ops.reshape(history, (-1,)), ops.reshape(item, (-1,))])
        rows = distinct(named)
        split = history.shape[0] * history.shape[1]
        places = ops.reshape(rows.place[:split], history.shape), ops.reshape(rows.place[split:], item.shape)
        return self._catalogue_of(rows.ids, room), *places

    def _room(self, shape: Shape) -> int | None:
        """How many values the items of a batch (G, T, G, M) have at most; None: all items are worked out.

        So they are where the batch's shape is not known beforehand, and by a model that was saved without `fullest`.
        """
        if self.sizes.fullest is None or None in shape:
            return None
        groups, steps, _, items = shape
        named = groups * (steps + items)
        room = most_of(self.sizes.fullest, named)
        reads_values = self.proximity is not None or self.head.attribute_bias is not None
        asked, there = named, self.num_items
        if reads_values:
            asked, there = asked + room, there + self.sizes.num_values
        return room if WORTH_IT * asked < there else None

    def _catalogue_of(self, item: Tensor, room: int) -> Catalogue:
        """`_catalogue` of distinct items [n], which have `room` values at most."""
        fields, dim, n = self.sizes.num_fields, self.dim, item.shape[0]
        vector, bias = self.entity_embedding(item), self.head.bias(item)
        if self.proximity is None and self.head.attribute_bias is None:
            return Catalogue(vector, bias)
        slot = self.read_table("item_slot", item)  # [n, A]
        values = self.values_of_rows(item, slot, room)
        if self.head.attribute_bias is not None:
            there = ops.cast(values.slot < n * fields, bias.dtype)
            of_values = there * ops.squeeze(self.head.attribute_bias(values.entity), -1)
            bias = bias + ops.segment_sum(of_values, values.owner, num_segments=n)
        if self.proximity is None:
            return Catalogue(vector, bias)
        of_slots = field_vectors(self.entity_embedding(values.entity), values.slot, n * fields + 1, self.combine)
        of_fields = ops.reshape(of_slots[:-1], (n, fields, dim))
        distribution = self.proximity.of_rows(of_fields, vector, ops.not_equal(slot, 0))
        if self.head.item_attributes:
            vector = vector + ops.sum(ops.expand_dims(distribution, -1) * of_fields, axis=1)
        return Catalogue(vector, bias, of_fields, distribution)

    def _bias(self) -> Tensor:
        """The head's biases of every item [I]."""
        bias = self.head.bias(ops.arange(self.num_items))
        of_values = self.head.attribute_bias
        return bias if of_values is None else bias + self.sum_over_values(ops.squeeze(of_values.table(), -1))

    def _query(self, state: HkrmState, item: Tensor, left_out: Tensor | None) -> Query:
        visible = leave_out(state.history, item, left_out)  # [G, M, T]
        alpha = self.query_attention(state.history, visible)
        vector = ops.matmul(alpha, state.steps)  # q_s (1)
        distribution = None
        if self.with_attribute_level:
            distribution = self.proximity(state.fields, vector, alpha, state.field_mask)
        return Query(alpha, vector, distribution)

    def _query_distribution(self, state: HkrmState, query: Query) -> Tensor:
        """p(.|q) [G, M, A]; at the item level that of the history, p(.|item) averaged by alpha."""
        if query.distribution is not None:
            return query.distribution
        of_items = ops.take(state.catalogue.distribution, state.row, axis=0)  # [G, T, A]
        return normalise(ops.matmul(query.alpha, of_items))  # below 1 where an item has no field

    def _side_by_place(self, state: HkrmState, item: Tensor) -> Tensor:
        """q_s + q_A [G, M, d] where candidates are many: they differ by the history item that they leave out, if any.

        So T + 1 queries serve all of them: one without each history item, and one with all.
        """
        history = state.history
        length = history.shape[1] or ops.shape(history)[1]
        stand_in = ops.concatenate([history, ops.zeros_like(history[:, :1])], axis=1)  # [G, T + 1]
        query = self._query(state, stand_in, None)
        sides = self.duet.side(query.vector, query.distribution)  # [G, T + 1, d]
        hit = ops.equal(ops.expand_dims(history, 1), ops.expand_dims(item, 2))  # [G, M, T]
        hit = ops.logical_and(hit, ops.expand_dims(ops.not_equal(history, 0), 1))
        place = ops.where(ops.any(hit, axis=2), ops.argmax(hit, axis=2), length)  # [G, M]
        row = ops.expand_dims(ops.arange(ops.shape(history)[0], dtype="int32"), 1)
        flat = ops.reshape(sides, (-1, self.dim))
        return ops.take(flat, row * (length + 1) + ops.cast(place, "int32"), axis=0)

    def _match(self, state: HkrmState, query_side: Tensor, item: Tensor, training: bool = False) -> Tensor:
        """The duet, factored into (q_s + q_A) . (t_s + t_A), and the head; `item` as the catalogue has them."""
        catalogue = state.catalogue
        target = ops.take(catalogue.vector, item, axis=0)  # t_s [G, M, d]
        if catalogue.side is not None:
            target_side = ops.take(catalogue.side, item, axis=0)
        elif self.with_attribute_level:
            target_side = self.duet.side(target, ops.take(catalogue.distribution, item, axis=0))
        else:
            target_side = target
        logit = ops.sum(self.head.drop(query_side, training) * self.head.drop(target_side, training), axis=-1)
        if state.user is not None:
            logit = logit + self.head.product(target, user=ops.expand_dims(state.user, 1), training=training)
        return logit + ops.take(catalogue.bias, item, axis=0)

    def _logit_of_values(
        self, state: HkrmState, query_side: Tensor, item: Tensor, values: Tensor, kept: Tensor
    ) -> Tensor:
        """Logits [B, N] of candidates item [B] that keep of their values [B, A, V] what `kept` [B, N, A, V] says.

        It is `_match` with (3), (5) and the head's bias worked out for these candidates alone.
        """
        target, _, distribution = self._of_values(item, values, kept)
        logit = ops.sum(query_side * self.duet.side(target, distribution), axis=-1)
        if state.user is not None:
            logit = logit + self.head.product(target, user=ops.expand_dims(state.user, 1))
        logit = logit + ops.expand_dims(self.head.bias(item), 1)
        if self.head.attribute_bias is not None:
            biases = ops.expand_dims(self.head.attribute_bias(values)[..., 0], 1)  # [B, 1, A, V]
            logit = logit + ops.sum(ops.cast(kept, biases.dtype) * biases, axis=(2, 3))
        return logit

    def _of_values(self, item: Tensor, values: Tensor, kept: Tensor) -> tuple[Tensor, Any, Any]:
        """`_catalogue` of items [B] alone, keeping of their values [B, A, V] what `kept` [B, N, A, V] says.

        Their vectors [B, N, d], o_j [B, N, A, d] and p(.|item) [B, N, A].
        """
        vector = ops.expand_dims(self.entity_embedding(item), 1)  # [B, 1, d]
        if self.proximity is None:
            return vector, None, None
        left = ops.cast(kept, vector.dtype)
        fields = ops.einsum("bnav,bavd->bnad", left, self.entity_embedding(values))  # o_j (3)
        if self.combine == "mean":
            fields = fields / ops.expand_dims(ops.maximum(ops.sum(left, axis=3), 1.0), 3)
        distribution = self.proximity.of_rows(fields, vector, ops.any(kept, axis=3))  # p(.|t) (5) [B, N, A]
        if self.head.item_attributes:
            vector = vector + ops.sum(ops.expand_dims(distribution, 3) * fields, axis=2)
        return vector, fields, distribution

    def _first_values(self, item: Tensor, most: int) -> Tensor:
        """Places in [A V] of the first `most` values of items [B], field by field [B, F]; then places of none."""
        flat = ops.reshape(self.values_of(item), (-1, self.sizes.num_fields * self.sizes.max_values))
        place = ops.arange(flat.shape[1], dtype="int32")
        return ops.argsort(ops.where(flat > 0, place, place + flat.shape[1]), axis=1)[:, :most]

    def _named(self, values: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
        """Relations and entities of the values [B, A, V] in places [B, F] of [A V]; 0 and 0 where there is none."""
        entity = ops.take_along_axis(ops.reshape(values, (ops.shape(place)[0], -1)), place, axis=1)
        relation = ops.take(ops.convert_to_tensor(self.field_relation), place // self.sizes.max_values)
        return ops.where(entity > 0, relation, 0), self.read_table("entity_ids", entity)

    def _train_logit(self, state: HkrmState, query: Query, item: Tensor, row: Tensor) -> Tensor:
        """Of items [G, M], which the catalogue has in `row` [G, M], with the losses beside the logit's."""
        if self.l2:
            squares = ops.sum(ops.square(self.entity_embedding.table()))
            if self.proximity is not None:
                squares = squares + ops.sum(ops.square(self.proximity.relation))
            self.add_loss(self.l2 * squares)  # (13)
        if self.head.l2:
            target = ops.take(state.catalogue.vector, row, axis=0)
            user = None if state.user is None else ops.expand_dims(state.user, 1)
            held = ops.cast(ops.not_equal(state.history, 0), target.dtype)  # [G, T]
            of_history = ops.sum(ops.sum(ops.square(state.steps), -1) * held)
            self.add_loss(self.head.penalty(item, (target, user), of_history))
        return self._match(state, self.duet.side(query.vector, query.distribution), row, training=True)

    def _distance(
        self, state: HkrmState, query: Query, item: Tensor, row: Tensor, label: Tensor, weight: Tensor
    ) -> Tensor:
        """L_a (8, 9) over the pairs whose sides share a field."""
        p_query: Tensor = query.distribution
        p_target = ops.take(state.catalogue.distribution, row, axis=0)
        shared = ops.logical_and(p_query > 0, ops.not_equal(self.read_table("item_slot", item), 0))
        weight = weight * ops.cast(ops.any(shared, axis=-1), weight.dtype)
        distance = shared_cross_entropy if self.distance_loss == "cross_entropy" else shared_divergence
        return distance_loss(distance(p_query, p_target, shared), label, weight, self.distance_loss, self.margin)


def _left(values: Tensor, gone: Tensor) -> Tensor:
    """Which of values [B, A, V] are there without those in places gone [B, N, 1] of [A V], bool [B, N, A, V]."""
    fields, most = values.shape[1:]
    place = ops.reshape(ops.arange(fields * most, dtype="int32"), (fields, most))
    return ops.logical_and(ops.not_equal(ops.expand_dims(gone, 3), place), ops.expand_dims(values > 0, 1))
