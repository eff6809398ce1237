"""KGCN with one hop: a baseline of the papers' tables.

H. Wang et al., Knowledge Graph Convolutional Networks for Recommender Systems, WWW 2019, section 2.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.layers.aggregators import ConcatAggregator, SumAggregator
from tfkgrec.layers.embedding import normal_embedding
from tfkgrec.layers.inner_product_head import InnerProductHead, split_head
from tfkgrec.layers.masked import masked_softmax
from tfkgrec.models.factors import item_side
from tfkgrec.models.recommender import Facts, Recommender, TableSizes, as_config, without_each
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

AGGREGATORS = ("sum", "concat", "neighbour")


class KgcnState(NamedTuple):
    """What does not depend on the candidate."""

    vector: Tensor  # u [G, d]
    interest: Tensor  # u . r of every relation [G, R]


class KgcnExplanation(NamedTuple):
    """The candidate's neighbours, weighed for this user."""

    logit: Tensor  # [B]
    neighbour_relation: Tensor  # [B, K]
    neighbour_entity: Tensor  # [B, K], as the dataset numbers them
    neighbour_weight: Tensor  # [B, K]; 0 where padded


@keras.saving.register_keras_serializable("tfkgrec")
class KGCN(Recommender):
    """The candidate seen through its K graph neighbours, weighed by the relations that the user cares about.

    1. pi_k = softmax_k(u . r_k), u . r once per user and relation                 [G, M, K]
    2. v_N = sum_k pi_k e_k                                                        [G, M, d]
    3. v^u = tanh(W (v + v_N) + b), or with [v || v_N] or v_N alone                [G, M, d]
    4. logit = u . v^u                                                             [G, M]

    It reads no history: unknown users, whose u is that of row 0, differ from each other in nothing.

    Reading: H = 1, as the paper has it on Last.FM and Book-Crossing. u . r and the sum over neighbours are what the
    paper writes (its authors' code divides them by d and K). An item of fewer than K neighbours has each of them once,
    under a mask (the code draws some again); one of none has v_N = 0. tanh and the half of lambda are the code's, for
    which lambda was chosen.

    Args:
        sizes: rows of the tables.
        dim: d.
        num_neighbours: K.
        aggregator: "sum", "concat", "neighbour": what enters W in 3.
        l2: lambda; the loss gets lambda/2 times the squares of the whole matrices of vectors and of W.
        head: not in the paper: a bias of every item, and the squares of u, v and v_N.
    """

    def __init__(
        self,
        sizes: TableSizes,
        *,
        dim: int,
        num_neighbours: int,
        aggregator: str,
        l2: float,
        head: InnerProductHead | None = None,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        if aggregator not in AGGREGATORS:
            raise ValueError(f"`aggregator` should be one of {AGGREGATORS}. Received: {aggregator!r}")
        self._config = as_config(locals())
        self.head = InnerProductHead() if head is None else head
        self.num_users, self.num_items, self.num_entities, num_relations = sizes
        self.dim, self.num_neighbours, self.aggregator_kind, self.l2 = dim, num_neighbours, aggregator, l2

        self.user_embedding = normal_embedding(self.num_users, dim, "user_embedding")
        self.entity_embedding = normal_embedding(self.num_entities, dim, "entity_embedding")
        self.relation_embedding = normal_embedding(num_relations, dim, "relation_embedding")
        self.aggregator = (ConcatAggregator if aggregator == "concat" else SumAggregator)(dim, name="aggregator")

    @classmethod
    def from_settings(cls, sizes: TableSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named flat, as a config has them."""
        head, own = split_head(settings, {"pair_l2": "l2"})
        return cls(sizes, **own, head=head, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        self.neighbour_entity = self.add_table("neighbour_entity", (self.num_items, self.num_neighbours))
        self.neighbour_relation = self.add_table("neighbour_relation", (self.num_items, self.num_neighbours))
        self.entity_ids = self.add_table("entity_ids", (self.num_entities,))  # the dataset's ids, for names
        for table in (self.user_embedding, self.entity_embedding, self.relation_embedding):
            table.build(None)
        self.head.build(self.num_items)
        self.aggregator.build((None, None, self.dim), (None, None, None, self.dim))
        super().build(input_shape)

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: None = None) -> KgcnState:
        vector = self.user_embedding(user)  # [G, d]
        return KgcnState(vector, ops.matmul(vector, ops.transpose(self.relation_embedding.table())))

    def score_items(
        self, state: KgcnState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        return self._logit(state, item, self.read_table("neighbour_entity", item), training)

    def _logit(self, state: KgcnState, item: Tensor, neighbour: Tensor, training: bool = False) -> Tensor:
        """Logits [G, M] of items [G, M] with neighbours [G, M, K]."""
        center = self.entity_embedding(item)  # v [G, M, d]
        # weighed here, so that the aggregator's sum over neighbours is v_N
        weight = self._weights(state, item, neighbour)
        weighed = ops.expand_dims(weight, -1) * self.entity_embedding(neighbour)  # [G, M, K, d]
        kept = ops.zeros_like(center) if self.aggregator_kind == "neighbour" else center
        view, _ = self.aggregator(kept, weighed, weighed, ops.not_equal(neighbour, 0))  # v^u
        user = ops.expand_dims(state.vector, 1)  # [G, 1, d]
        if training and self.l2:
            self.add_loss(self.l2 / 2 * self._squares())
        if training and self.head.l2:
            self.add_loss(self.head.penalty(item, (user, center, ops.sum(weighed, axis=-2))))
        return ops.sum(user * view, axis=-1) + self.head.bias(item)

    def explain(self, user: Tensor, item: Tensor, tables: None = None) -> KgcnExplanation:
        state, items = self.user_state(user), ops.expand_dims(item, 1)
        neighbour = self.read_table("neighbour_entity", items)
        return KgcnExplanation(
            logit=ops.squeeze(self._logit(state, items, neighbour), 1),
            neighbour_relation=self.read_table("neighbour_relation", item),
            neighbour_entity=self.read_table("entity_ids", ops.squeeze(neighbour, 1)),
            neighbour_weight=ops.squeeze(self._weights(state, items, neighbour), 1),
        )

    def own_fact_weights(self, explanation: KgcnExplanation) -> Tensor:
        return explanation.neighbour_weight

    def facts(self, user: Tensor, item: Tensor, tables: None = None) -> Facts:
        neighbour = self.read_table("neighbour_entity", item)  # [B, K]
        without = ops.expand_dims(neighbour, 1) * ops.cast(without_each(self.num_neighbours), "int32")  # [B, K + 1, K]
        items = ops.repeat(ops.expand_dims(item, 1), self.num_neighbours + 1, axis=1)
        logit = self._logit(self.user_state(user), items, without)
        return Facts(
            relation=self.read_table("neighbour_relation", item),
            entity=self.read_table("entity_ids", neighbour),
            contribution=logit[:, -1:] - logit[:, :-1],
        )

    def item_factors(self, tables: None = None) -> Tensor:
        """The items' own vectors, without their neighbours, which every user weighs otherwise."""
        item = ops.arange(self.num_items, dtype="int32")
        return item_side(self.entity_embedding(item), self.head.bias(item))

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}

    def _weights(self, state: KgcnState, item: Tensor, neighbour: Tensor) -> Tensor:
        """pi [G, M, K]; 0 where there is no neighbour."""
        relation = self.read_table("neighbour_relation", item)
        flat = ops.reshape(relation, (ops.shape(relation)[0], -1))  # [G, M K]
        scores = ops.reshape(ops.take_along_axis(state.interest, flat, axis=1), ops.shape(relation))
        return masked_softmax(scores, ops.not_equal(neighbour, 0))

    def _squares(self) -> Tensor:
        """Of the whole matrices of vectors and of W."""
        tables = (self.user_embedding, self.entity_embedding, self.relation_embedding)
        return sum(ops.sum(ops.square(x)) for x in (*(table.table() for table in tables), self.aggregator.kernel))
