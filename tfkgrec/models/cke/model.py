"""CKE with structural knowledge: a baseline of the papers' tables.

F. Zhang et al., Collaborative Knowledge Base Embedding for Recommender Systems, KDD 2016, sections 4.1 and 5.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
import numpy as np
from keras import ops

from tfkgrec.layers.embedding import Embedding, normal_embedding
from tfkgrec.layers.pair_squares import pair_squares
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.recommender import Recommender, as_config
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


class CkeSizes(NamedTuple):
    """Rows of the tables, row 0 (padding, unknown) included, and triples whose head is an item; items come first."""

    num_users: int
    num_items: int
    num_entities: int
    num_relations: int
    num_facts: int


class CkeState(NamedTuple):
    """What does not depend on the candidate."""

    vector: Tensor  # u [G, d]


@keras.saving.register_keras_serializable("tfkgrec")
class CKE(Recommender):
    """An item is what its users say of it and what TransR says of its facts.

    1. e_j = eta_j + v_j                      (section 5, without texts and pictures)          [G, M, d]
    2. logit = <u, e_j> + b_j                 (section 5)                                      [G, M]
    3. f(h, r, t) = |v_h M_r + r - v_t M_r|^2 (section 4.1); the loss gets fact_weight times the mean of
       -ln sigmoid(f(h, r, t') - f(h, r, t))  (section 4.1)

    Reading: both losses are learned together, as in the paper. Binary cross-entropy in place of BPR, as all models here
    are trained. One fact of every labelled item is taken a step, chosen by the pair's place in the batch, which is
    shuffled; its corrupted tail t' is the tail of the next row's fact. The relation space is as wide as the entities';
    M_r starts as the identity. b_j is not in the paper.

    Args:
        sizes: rows of the tables, number of facts.
        dim: d.
        fact_weight: of the mean of 3.
        l2: weight of the squares of u, eta_j and v_j, per labelled pair.
        item_bias: whether items have b_j.
    """

    records = {"sizes": CkeSizes}

    def __init__(
        self,
        sizes: CkeSizes,
        *,
        dim: int,
        fact_weight: float,
        l2: float,
        item_bias: bool,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        self._config = as_config(locals())
        self.num_users, self.num_items, self.num_entities, num_relations, self.num_facts = sizes
        self.dim, self.fact_weight, self.l2 = dim, fact_weight, l2

        self.user_embedding = normal_embedding(self.num_users, dim, "user_embedding")
        self.item_embedding = normal_embedding(self.num_items, dim, "item_embedding")
        self.entity_embedding = normal_embedding(self.num_entities, dim, "entity_embedding")
        self.relation_embedding = normal_embedding(num_relations, dim, "relation_embedding")
        self.relation_matrix = Embedding(num_relations, dim * dim, _identities, name="relation_matrix")
        self.item_bias = (
            Embedding(self.num_items, 1, embeddings_initializer="zeros", name="item_bias") if item_bias else None
        )

    @classmethod
    def from_settings(cls, sizes: CkeSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named as a config has them."""
        return cls(sizes, **settings, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        tables = (self.user_embedding, self.item_embedding, self.entity_embedding)
        for table in (*tables, self.relation_embedding, self.relation_matrix, self.item_bias):
            if table is not None:
                table.build(None)
        self.fact_offsets = self.add_table("fact_offsets", (self.num_items + 1,))  # facts of item i begin at [i]
        self.fact_relation = self.add_table("fact_relation", (self.num_facts,))
        self.fact_tail = self.add_table("fact_tail", (self.num_facts,))
        super().build(input_shape)

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: None = None) -> CkeState:
        return CkeState(self.user_embedding(user))

    def score_items(
        self, state: CkeState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        own, known = self.item_embedding(item), self.entity_embedding(item)  # eta, v [G, M, d]
        user = ops.expand_dims(state.vector, 1)
        if training and self.l2:
            self.add_loss(self.l2 * pair_squares(item, (user, own, known)))
        if training and self.fact_weight:
            self.add_loss(self.fact_weight * self.fact_loss(item))
        logit = ops.sum(user * (own + known), axis=-1)
        return logit if self.item_bias is None else logit + ops.squeeze(self.item_bias(item), -1)

    def fact_loss(self, item: Tensor) -> Tensor:
        """The mean of 3 over items [G, M] that have a fact: a scalar, 0 where none has."""
        begin = self.read_table("fact_offsets", item)
        count = self.read_table("fact_offsets", item + 1) - begin
        place = ops.reshape(ops.arange(item.shape[0] * item.shape[1], dtype="int32"), item.shape)
        fact = ops.minimum(begin + place % ops.maximum(count, 1), self.num_facts - 1)
        there = count > 0
        relation, tail = self.read_table("fact_relation", fact), self.read_table("fact_tail", fact)
        other = ops.roll(tail, 1, axis=0)
        there = ops.logical_and(there, ops.logical_and(ops.roll(there, 1, axis=0), ops.not_equal(other, tail)))

        head = ops.expand_dims(self.entity_embedding(item), -2)
        step = head - self.entity_embedding(ops.stack([tail, other], axis=-1))  # [G, M, 2, d]
        matrix = ops.reshape(self.relation_matrix(relation), (*item.shape, self.dim, self.dim))
        moved = ops.matmul(step, matrix) + ops.expand_dims(self.relation_embedding(relation), -2)
        energy = ops.sum(ops.square(moved), axis=-1)  # f [G, M, 2]
        loss = ops.softplus(energy[..., 0] - energy[..., 1])
        real = ops.cast(there, loss.dtype)
        return ops.sum(loss * real) / ops.maximum(ops.sum(real), 1.0)

    @property
    def product(self) -> Literal["", "part", "whole"]:
        return "whole"

    def item_factors(self, tables: None = None) -> Tensor:
        vector = self.item_embedding.table() + self.entity_embedding.table()[: self.num_items]
        return item_side(vector, None if self.item_bias is None else self.item_bias.table()[:, 0])

    def user_factors(self, state: CkeState) -> Tensor:
        return user_side(state.vector)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}


def _identities(shape: Shape, dtype: str | None = None) -> Tensor:
    """Rows of identity matrices, flat."""
    rows, width = shape
    identity = np.eye(round(width**0.5)).reshape(1, width)
    return ops.cast(ops.convert_to_tensor(np.repeat(identity, rows, axis=0)), dtype or "float32")
