"""LightGCN over users, items and what the graph says of items.

X. He et al., LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation, SIGIR 2020, section 3.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.layers.embedding import Embedding, normal_embedding
from tfkgrec.layers.graph_convolution import Edges, convolved, degrees, normaliser
from tfkgrec.layers.pair_squares import pair_squares
from tfkgrec.layers.sorted_pairs import place_of_pairs
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.recommender import Recommender, as_config
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

NAMED_ITEMS = 10
"""Liked items that an explanation names; the others are summed up."""


class GraphSizes(NamedTuple):
    """Rows of the tables, row 0 (padding, unknown) included, and edges of the graph.

    Items are the first entities. `num_likes` edges join users and items, `num_facts` items and entities; no user has
    more than `most_likes` of the first.
    """

    num_users: int
    num_items: int
    num_entities: int
    num_likes: int
    num_facts: int
    most_likes: int


class LightgcnTables(NamedTuple):
    """The convolved graph: all that answers are made of."""

    user_vector: Tensor  # z_u [users, d]; of an unknown user the mean of all
    item_vector: Tensor  # z_i [items, d]
    message: Tensor  # m_i [items, d]
    stranger: Tensor  # the mean of e_u / (L + 1) [1, d]


class LightgcnState(NamedTuple):
    """What does not depend on the candidate."""

    vector: Tensor  # z_u [G, d]
    item_vector: Tensor  # z_i [items, d]


class LightgcnExplanation(NamedTuple):
    """The parts of the logit; they sum to it."""

    logit: Tensor  # [B]
    user_part: Tensor  # of the user's own vector [B]
    item_part: Tensor  # what the item gets from anybody [B]
    liked_item: Tensor  # [B, K], those that count most; 0: no more
    liked_part: Tensor  # [B, K]
    other_liked_part: Tensor  # of the liked items that are not named [B]
    itself_part: Tensor  # of the candidate, where it is a liked item itself [B]


@keras.saving.register_keras_serializable("tfkgrec")
class LightGCN(Recommender):
    """Vectors of users, items and entities, averaged along the edges of one graph.

    Nodes are users, items and the entities that facts join to items; an edge weighs 1 between a user and an item that
    the user likes in training, `fact_weight` between an item and an entity.

    1. x_0 = e,  x_k = D^-1/2 W D^-1/2 x_{k-1}  (eqs. 3, 7)                                  [N, d]
    2. z = (x_0 + ... + x_L) / (L + 1)          (eqs. 4, 8 with alpha_k = 1 / (L + 1))       [N, d]
    3. logit = <z_u, z_i> + b_i + b             (eq. 5)                                      [G, M]

    In a step of training the graph is without the pairs of the batch that are edges: their weight and their share of
    the degrees are gone ("Leave the target out, without a trace"). Otherwise it is whole.

    z_u splits into what is the user's own and what each liked item brings:
    z_u = e_u / (L + 1) + d_u^-1/2 sum_i m_i,  m_i = d_i^-1/2 (x_0 + ... + x_{L-1})_i / (L + 1): so do the logit and
    its explanation. A user known by a history alone gets the messages of its items and, in place of e_u, the mean of
    all users'; who liked nothing gets the mean of all z_u, whose logits are the mean logits.

    Reading: binary cross-entropy in place of BPR, as all models here are trained. Facts are edges whatever their
    relation and direction, one between an item and an entity; an entity that is told of one item only joins nothing
    and is left out.

    Args:
        sizes: rows of the tables and numbers of edges.
        dim: d.
        num_layers: L.
        l2: weight of the squares of z_u and z_i, per labelled pair.
        fact_weight: of the edges between items and entities.
        item_bias: whether items have b_i.
        leave_out: whether 1. is without the batch's own pairs.
        request_length: newest items that are read of a history that comes with a request.
    """

    records = {"sizes": GraphSizes}

    def __init__(
        self,
        sizes: GraphSizes,
        *,
        dim: int,
        num_layers: int,
        l2: float,
        fact_weight: float,
        item_bias: bool,
        leave_out: bool,
        request_length: int,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        self._config = as_config(locals())
        self.sizes, self.num_users, self.num_items = sizes, sizes.num_users, sizes.num_items
        self.dim, self.num_layers, self.l2, self.fact_weight = dim, num_layers, l2, float(fact_weight)
        self.reads_labels = self.reads_whole_step = leave_out
        self.request_length = request_length

        self.user_embedding = normal_embedding(sizes.num_users, dim, "user_embedding")
        self.entity_embedding = normal_embedding(sizes.num_entities, dim, "entity_embedding")
        self.item_bias = (
            Embedding(sizes.num_items, 1, embeddings_initializer="zeros", name="item_bias") if item_bias else None
        )

    @classmethod
    def from_settings(cls, sizes: GraphSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named as a config has them."""
        return cls(sizes, **settings, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        for table in (self.user_embedding, self.entity_embedding, self.item_bias):
            if table is not None:
                table.build(None)
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")
        self.like_offsets = self.add_table("like_offsets", (self.num_users + 1,))  # edges of user u begin at [u]
        self.like_user = self.add_table("like_user", (self.sizes.num_likes,))
        self.like_item = self.add_table("like_item", (self.sizes.num_likes,))  # ascending for every user
        if self.sizes.num_facts:
            self.fact_item = self.add_table("fact_item", (self.sizes.num_facts,))
            self.fact_entity = self.add_table("fact_entity", (self.sizes.num_facts,))
        super().build(input_shape)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        taken = self._own_pairs(inputs.get("step", inputs)) if "label" in inputs else None
        state = self.user_state(inputs["user"], tables=self._convolve(taken))
        return self.score_items(state, inputs["item"], training=training)

    def item_tables(self) -> LightgcnTables:
        return self._convolve(None)

    def user_state(
        self, user: Tensor, history: Tensor | None = None, tables: LightgcnTables | None = None
    ) -> LightgcnState:
        tables = self.item_tables() if tables is None else tables
        vector = ops.take(tables.user_vector, user, axis=0)  # [G, d]
        if history is not None:
            there = ops.cast(ops.not_equal(history, 0), vector.dtype)  # [G, T]
            count = ops.sum(there, axis=1, keepdims=True)
            brought = ops.einsum("gt,gtd->gd", there, ops.take(tables.message, history, axis=0))
            told = tables.stranger + brought * ops.rsqrt(ops.maximum(count, 1.0))
            vector = ops.where(count > 0, told, vector)
        return LightgcnState(vector, tables.item_vector)

    def score_items(
        self, state: LightgcnState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        vector, user = ops.take(state.item_vector, item, axis=0), ops.expand_dims(state.vector, 1)
        if training and self.l2:
            self.add_loss(self.l2 * pair_squares(item, (vector, user)))
        return ops.sum(vector * user, axis=-1) + self._item_part(item)

    def explain(self, user: Tensor, item: Tensor, tables: LightgcnTables | None = None) -> LightgcnExplanation:
        tables = self.item_tables() if tables is None else tables
        state = self.user_state(user, tables=tables)
        logit = ops.squeeze(self.score_items(state, ops.expand_dims(item, 1)), 1)
        liked, part = self._liked_parts(user, ops.take(tables.item_vector, item, axis=0), tables.message)
        itself = ops.equal(liked, ops.expand_dims(item, 1))
        itself_part = ops.sum(ops.where(itself, part, 0.0), axis=1)
        part = ops.where(itself, 0.0, part)
        _, best = ops.top_k(ops.abs(part), min(NAMED_ITEMS, self.sizes.most_likes))
        liked_part = ops.take_along_axis(part, best, axis=1)
        liked_item = ops.where(ops.equal(liked_part, 0), 0, ops.take_along_axis(liked, best, axis=1))
        item_part, all_liked = self._item_part(item), ops.sum(part, axis=1)
        return LightgcnExplanation(
            logit=logit,
            user_part=logit - all_liked - itself_part - item_part,
            item_part=item_part,
            liked_item=liked_item,
            liked_part=liked_part,
            other_liked_part=all_liked - ops.sum(liked_part, axis=1),
            itself_part=itself_part,
        )

    @property
    def product(self) -> Literal["", "part", "whole"]:
        return "whole"

    def item_factors(self, tables: LightgcnTables | None = None) -> Tensor:
        vector = (self.item_tables() if tables is None else tables).item_vector
        return item_side(vector, self._item_part(ops.arange(self.num_items, dtype="int32")))

    def user_factors(self, state: LightgcnState) -> Tensor:
        return user_side(state.vector)

    def read_history(self, user: Tensor) -> Tensor:
        """All that the user liked, the candidate too where it is among it: it is an edge of the graph."""
        return self.flat_rows("like_item", "like_offsets", user, self.sizes.most_likes)

    def split(self, user: Tensor, item: Tensor, history: Tensor, tables: LightgcnTables | None = None) -> Tensor:
        """The messages' parts; the rest of the graph, and the user's degree, stay as they are."""
        tables = self.item_tables() if tables is None else tables
        vector = ops.take(tables.item_vector, item, axis=0)
        return ops.einsum("btd,bd->bt", self._messages(history, tables), vector)

    def state_keeping(
        self, user: Tensor, history: Tensor, kept: Tensor, tables: LightgcnTables | None = None
    ) -> LightgcnState:
        tables = self.item_tables() if tables is None else tables
        gone = ops.cast(ops.logical_not(kept), tables.message.dtype)
        lost = ops.einsum("gt,gtd->gd", gone, self._messages(history, tables))
        return LightgcnState(ops.take(tables.user_vector, user, axis=0) - lost, tables.item_vector)

    def logits_keeping(
        self, user: Tensor, item: Tensor, history: Tensor, kept: Tensor, tables: LightgcnTables | None = None
    ) -> Tensor:
        tables = self.item_tables() if tables is None else tables
        logit = self.score_items(self.user_state(user, tables=tables), ops.expand_dims(item, 1))  # [B, 1]
        part = self.split(user, item, history, tables)
        return logit - ops.einsum("bmt,bt->bm", ops.cast(ops.logical_not(kept), part.dtype), part)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}

    def _item_part(self, item: Tensor) -> Tensor:
        """b_i + b, of the shape of `item`."""
        if self.item_bias is None:
            return ops.broadcast_to(ops.convert_to_tensor(self.bias), ops.shape(item))
        return ops.squeeze(self.item_bias(item), -1) + self.bias

    def _messages(self, history: Tensor, tables: LightgcnTables) -> Tensor:
        """d_u^-1/2 m_i of all that users like [B, T, d]; zeros where padded."""
        there = ops.cast(ops.not_equal(history, 0), tables.message.dtype)  # [B, T]
        share = there * ops.rsqrt(ops.maximum(ops.sum(there, axis=1, keepdims=True), 1.0))
        return ops.take(tables.message, history, axis=0) * ops.expand_dims(share, 2)

    def _liked_parts(self, user: Tensor, vector: Tensor, message: Tensor) -> tuple[Tensor, Tensor]:
        """(i, d_u^-1/2 <m_i, z_j>) [B, most_likes] of what users [B] like, for z_j [B, d]; 0 pads."""
        begin, end = (ops.expand_dims(self.read_table("like_offsets", user + n), 1) for n in (0, 1))
        place = begin + ops.expand_dims(ops.arange(self.sizes.most_likes, dtype="int32"), 0)
        there = place < end
        liked = ops.where(there, self.read_table("like_item", ops.minimum(place, self.sizes.num_likes - 1)), 0)
        part = ops.einsum("bwd,bd->bw", ops.take(message, liked, axis=0), vector)
        count = ops.maximum(ops.cast(end - begin, vector.dtype), 1.0)
        return liked, ops.where(there, part * ops.rsqrt(count), 0.0)

    def _own_pairs(self, inputs: dict[str, Tensor]) -> Edges:
        """The pairs of a batch that are edges, to be taken away: once each, however often they stand there."""
        item = ops.reshape(inputs["item"], (-1,))
        user = ops.reshape(ops.broadcast_to(ops.expand_dims(inputs["user"], 1), ops.shape(inputs["item"])), (-1,))
        likes = ops.convert_to_tensor(self.like_item)
        place, found = place_of_pairs(
            user, item, ops.convert_to_tensor(self.like_offsets), likes, self.sizes.most_likes
        )
        real = ops.reshape(ops.logical_and(inputs["label"] > 0, inputs["weight"] > 0), (-1,))
        hit = ops.cast(ops.logical_and(found, real), self.compute_dtype)
        count = ops.segment_sum(hit, place, num_segments=self.sizes.num_likes)
        share = hit / ops.maximum(ops.take(count, place, axis=0), 1.0)
        return Edges(user, item + self.num_users, -share)

    def _convolve(self, taken: Edges | None) -> LightgcnTables:
        """The graph without `taken`, whose nodes are the users, then the entities, items first."""
        users, items = self.num_users, self.num_items
        graph = [Edges(ops.convert_to_tensor(self.like_user), ops.convert_to_tensor(self.like_item) + users, 1.0)]
        if self.sizes.num_facts:
            item, entity = (ops.convert_to_tensor(table) + users for table in (self.fact_item, self.fact_entity))
            graph.append(Edges(item, entity, self.fact_weight))
        if taken is not None:
            graph.append(taken)
        x = ops.concatenate([self.user_embedding.table(), self.entity_embedding.table()])
        q = normaliser(degrees(x.shape[0], graph, x.dtype))
        layers = convolved(x, graph, q, self.num_layers)
        before, share = sum(layers[:-1], ops.zeros_like(x)), 1 / (self.num_layers + 1)
        vector = share * (before + layers[-1])  # z [N, d]
        message = share * ops.expand_dims(q[users : users + items], 1) * before[users : users + items]
        offsets = ops.convert_to_tensor(self.like_offsets)
        known = ops.expand_dims(offsets[1:] > offsets[:-1], 1)  # [users, 1]
        stranger = share * _mean_where(known, x[:users])
        user_vector = ops.where(known, vector[:users], _mean_where(known, vector[:users]))
        return LightgcnTables(user_vector, vector[users : users + items], message, stranger)


def _mean_where(there: Tensor, rows: Tensor) -> Tensor:
    """Mean [1, d] of the rows [n, d] for which `there` [n, 1] holds."""
    there = ops.cast(there, rows.dtype)
    return ops.sum(rows * there, axis=0, keepdims=True) / ops.maximum(ops.sum(there), 1.0)
