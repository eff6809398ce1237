"""KGCN with one hop: a baseline of the papers' tables.

H. Wang et al., Knowledge Graph Convolutional Networks for Recommender Systems, WWW 2019, section 2.
"""

from typing import Any

import keras
from keras import ops

from tfkgrec.layers.aggregators import ConcatAggregator, SumAggregator
from tfkgrec.layers.embedding import BIAS_SPREAD, normal_embedding
from tfkgrec.layers.masked import masked_softmax
from tfkgrec.models.recommender import Recommender

AGGREGATORS = ("sum", "concat", "neighbour")


@keras.saving.register_keras_serializable("tfkgrec")
class KGCN(Recommender):
    """The candidate seen through its K graph neighbours, weighed by the relations that the user cares about.

    1. pi_k = softmax_k(u . r_k), u . r once per user and relation                 [G, M, K]
    2. v_N = sum_k pi_k e_k                                                        [G, M, d]
    3. v^u = tanh(W (v + v_N) + b), or with [v || v_N] or v_N alone                [G, M, d]
    4. logit = u . v^u                                                             [G, M]

    It reads no history: strangers, whose u is that of row 0, differ from each other in nothing.

    Reading: H = 1, as the paper has it on Last.FM and Book-Crossing. u . r and the sum over neighbours are what the
    paper writes (its authors' code divides them by d and K). An item of fewer than K neighbours has each of them once,
    under a mask (the code draws some again); one of none has v_N = 0. tanh and the half of lambda are the code's, for
    which lambda was chosen.

    Args:
        num_users, num_items, num_entities, num_relations: table rows, row 0 (padding, unknown) included; items are the
            first entities.
        dim: d.
        num_neighbours: K.
        aggregator: "sum", "concat", "neighbour": what enters W in 3.
        l2: lambda; the loss gets lambda/2 times the squares of the whole matrices of vectors and of W.

    Not in the paper, off by default:
        item_bias: one learned scalar per item.
        pair_l2: weight of |u|^2 + |v|^2 + |v_N|^2, per labelled pair of the batch.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        num_entities: int,
        num_relations: int,
        dim: int = 16,
        num_neighbours: int = 8,
        aggregator: str = "sum",
        l2: float = 0.0,
        item_bias: bool = False,
        pair_l2: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if aggregator not in AGGREGATORS:
            raise ValueError(f"`aggregator` should be one of {AGGREGATORS}. Received: {aggregator!r}")
        self._config = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        self.num_users, self.num_items = num_users, num_items
        self.num_entities, self.num_relations = num_entities, num_relations
        self.dim, self.num_neighbours, self.aggregator_kind = dim, num_neighbours, aggregator
        self.l2, self.pair_l2 = l2, pair_l2

        self.user_embedding = normal_embedding(num_users, dim, "user_embedding")
        self.entity_embedding = normal_embedding(num_entities, dim, "entity_embedding")
        self.relation_embedding = normal_embedding(num_relations, dim, "relation_embedding")
        self.item_bias = normal_embedding(num_items, 1, "item_bias", BIAS_SPREAD) if item_bias else None
        self.aggregator = (ConcatAggregator if aggregator == "concat" else SumAggregator)(dim, name="aggregator")

    def build(self, input_shape: Any = None) -> None:
        self.neighbour_entity = self.add_table("neighbour_entity", (self.num_items, self.num_neighbours))
        self.neighbour_relation = self.add_table("neighbour_relation", (self.num_items, self.num_neighbours))
        self.entity_ids = self.add_table("entity_ids", (self.num_entities,))  # the dataset's ids, for names
        for table in (self.user_embedding, self.entity_embedding, self.relation_embedding, self.item_bias):
            if table is not None:
                table.build(None)
        self.aggregator.build((None, None, self.dim))
        super().build(input_shape)

    def user_state(self, user: Any, history: Any | None = None) -> dict[str, Any]:
        vector = self.user_embedding(user)  # [G, d]
        interest = ops.matmul(vector, ops.transpose(self.relation_embedding.table()))  # u . r [G, R]
        return {"vector": vector, "interest": interest}

    def score_items(self, state: dict[str, Any], item: Any, left_out: Any | None = None, training: bool = False) -> Any:
        center = self.entity_embedding(item)  # v [G, M, d]
        neighbour = self.read_table("neighbour_entity", item)  # [G, M, K]
        # weighed here, so that the aggregator's sum over neighbours is v_N
        weighed = ops.expand_dims(self._weights(state, item), -1) * self.entity_embedding(neighbour)  # [G, M, K, d]
        kept = ops.zeros_like(center) if self.aggregator_kind == "neighbour" else center
        view, _ = self.aggregator(kept, weighed, weighed, ops.not_equal(neighbour, 0))  # v^u
        user = ops.expand_dims(state["vector"], 1)  # [G, 1, d]
        logit = ops.sum(user * view, axis=-1)
        if self.item_bias is not None:
            logit = logit + ops.squeeze(self.item_bias(item), -1)
        if training:
            self._regularise((user, center, ops.sum(weighed, axis=-2)), item)
        return logit

    def explain(self, user: Any, item: Any) -> dict[str, Any]:
        """The candidate's neighbours, weighed for this user.

        Returns:
            logit [B]; neighbour_relation, neighbour_entity (as the dataset numbers them), neighbour_weight [B, K]
            (0 where padded).
        """
        state, items = self.user_state(user), ops.expand_dims(item, 1)
        return {
            "logit": ops.squeeze(self.score_items(state, items), 1),
            "neighbour_relation": self.read_table("neighbour_relation", item),
            "neighbour_entity": self.read_table("entity_ids", self.read_table("neighbour_entity", item)),
            "neighbour_weight": ops.squeeze(self._weights(state, items), 1),
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

    def _weights(self, state: dict[str, Any], item: Any) -> Any:
        """pi [G, M, K]; 0 where there is no neighbour."""
        relation = self.read_table("neighbour_relation", item)
        flat = ops.reshape(relation, (ops.shape(relation)[0], -1))  # [G, M K]
        scores = ops.reshape(ops.take_along_axis(state["interest"], flat, axis=1), ops.shape(relation))
        return masked_softmax(scores, ops.not_equal(self.read_table("neighbour_entity", item), 0))

    def _regularise(self, used: tuple[Any, ...], item: Any) -> None:
        if self.l2:
            tables = (self.user_embedding, self.entity_embedding, self.relation_embedding)
            squares = sum(ops.sum(ops.square(table.table())) for table in tables)
            self.add_loss(self.l2 / 2 * (squares + ops.sum(ops.square(self.aggregator.kernel))))
        if self.pair_l2:
            real = ops.cast(ops.not_equal(item, 0), used[0].dtype)  # [G, M]
            pairs = sum(ops.sum(ops.sum(ops.square(vectors), -1) * real) for vectors in used)
            self.add_loss(self.pair_l2 * pairs / ops.maximum(ops.sum(real), 1.0))
