"""EKPNet: enhanced knowledge propagation perception (Zhang et al. 2022)."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.kge.embeddings import PretrainedEmbeddings, check_width, needed
from tfkgrec.layers.asymmetric_attention import semantic_transform
from tfkgrec.layers.embedding import Embedding, normal_embedding
from tfkgrec.layers.feature_exploration import FeatureExploration
from tfkgrec.layers.inner_product_head import InnerProductHead, split_head
from tfkgrec.layers.knowledge_propagation import KnowledgePropagation
from tfkgrec.layers.masked import leave_out, visible_mean
from tfkgrec.layers.pair_squares import pair_squares
from tfkgrec.layers.triple_loss import triple_loss
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.recommender import Facts, Recommender, as_config, one_of, without_each
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


class EkpnetSizes(NamedTuple):
    """Rows of a model's tables, row 0 (padding, unknown) included; items are the first entities."""

    num_users: int
    num_items: int
    num_entities: int
    num_relations: int
    whole_histories: int | None = None  # items of all users, where these are stored whole


class LossWeights(NamedTuple):
    """Weights of what eq 24 adds to the cross-entropy."""

    triples: float  # lambda1: the knowledge graph's term (22)
    matrices: float  # lambda2: the squares of W and b
    vectors: float  # lambda3: the squares of the vectors looked up


class EkpnetTables(NamedTuple):
    """What depends on items alone."""

    vector: Tensor  # v_o [I, d]
    bias: Tensor  # [I]


class TripleVectors(NamedTuple):
    """Of the triples of a user's ripple sets, each [G, P, N, d]; gamma: their semantic vectors, if there are any."""

    head: Tensor
    relation: Tensor
    tail: Tensor
    gamma_head: Tensor | None = None
    gamma_relation: Tensor | None = None
    gamma_tail: Tensor | None = None


class EkpnetState(NamedTuple):
    """What does not depend on the candidate."""

    history: Tensor  # item ids [G, T]
    exists: Tensor  # which triples there are, bool [G, P, N]
    vectors: TripleVectors
    keys: Tensor  # psi(v_h) + v_r [G, P, N, d]
    values: Tensor  # psi(v_t) [G, P, N, d]
    items: Tensor | None  # the history's vectors [G, T, d], for rho^0
    user: Tensor | None  # the user's vector in the head's product [G, 1, d]
    tables: EkpnetTables | None


class EkpnetExplanation(NamedTuple):
    """The triples of every hop, what each weighs for the candidate, and the history item that led to it.

    A hop's attention sums to 1; ids are 0 where there is no triple, or none that the candidate may see.
    """

    logit: Tensor  # [B]
    ripple_head_entity: Tensor  # [B, P, N], as the dataset numbers them
    ripple_relation: Tensor  # [B, P, N]
    ripple_tail_entity: Tensor  # [B, P, N], as the dataset numbers them
    ripple_seed_item: Tensor  # [B, P, N]
    ripple_attention: Tensor  # [B, P, N]


@keras.saving.register_keras_serializable("tfkgrec")
class EKPNet(Recommender):
    """Ripple sets -> asymmetric attention, hop by hop -> feature exploration (eqs 3-18).

    1. N triples (h, r, t) a hop around the history (3-5); n of each item, N = n T          [G, P, N]
    2. rho^p = sum_i phi_i psi(v_t_i), phi = softmax_i((psi(v_h_i) + v_r_i) . v_o^{p-1}) (6-12)   [G, M, P, d]
    3. xi^p = rho^1 + ... + rho^p (14)                                                      [G, M, P, d]
    4. Stage 0 (pre-training): logit = xi^P . v_o (15)                                      [G, M]
       Stage 1: logit = MLP of [xi^1 || ... || xi^P || v_o^P] (16-18)                       [G, M]

    Reading: every history item, the seed, brings ripple sets of its own (ripple_sets.py), and a pair loses those of one
    seed, its own or the one `left_out` names. So an unknown user's history is served by the same tables as a known
    one's, and nothing is left of an item that is left out.
    Losses (24) are per labelled pair, as the cross-entropy is a mean over pairs: lambda3 weighs the squares of the
    vectors looked up, divided by the pairs; lambda1 the mean over triples of `triple_loss`; lambda2 the squares of
    all W and b. The first stage has its own three (Table 2, "-pre").

    Args:
        sizes: rows of the tables.
        dim: d.
        num_hops: P.
        history_length: T, history items whose ripples are read.
        triples_per_item: n, triples a hop of each of them.
        semantic_attention: False is psi(v) = v: the ablation EKP_frame, and EKP_no.
        feature_exploration: False never leaves stage 0: the ablation EKP_att, and EKP_no, which is much like RippleNet.
        exploration_layers: L.
        activation: of its hidden layers.
        lambdas, first_lambdas: of the last stage, and of stage 0 where there is a stage 1.

    Not in the paper:
        residual_semantics: psi(v) = v + gamma_e (gamma_r . v), as in TransD.
        history_hop: xi^p starts with rho^0, the mean vector of the history items.
        head: biases, and products of v_o with a user's vector u, and with xi^P in stage 1, too; an item's attributes
            are the tails of its hop 1, and with `item_attributes` they are part of v_o everywhere.
    """

    masks_history = True
    records = {**Recommender.records, "sizes": EkpnetSizes, "lambdas": LossWeights, "first_lambdas": LossWeights}

    def __init__(  # long, as every argument has its line
        self,
        sizes: EkpnetSizes,
        *,
        dim: int,
        num_hops: int,
        history_length: int,
        triples_per_item: int,
        semantic_attention: bool,
        feature_exploration: bool,
        exploration_layers: int,
        lambdas: LossWeights,
        first_lambdas: LossWeights,
        residual_semantics: bool,
        history_hop: bool,
        head: InnerProductHead | None = None,
        activation: str = "tanh",
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        self._config = as_config(locals())
        self.head = InnerProductHead() if head is None else head
        self.num_users, self.num_items, self.num_entities, num_relations, _ = sizes
        self.dim, self.num_hops = dim, num_hops
        self.history_length, self.whole_histories = history_length, sizes.whole_histories
        self.triples_per_item = triples_per_item
        self.num_stages = 2 if feature_exploration else 1
        self.stage_lambdas = [first_lambdas, lambdas][-self.num_stages :]
        self.residual_semantics, self.history_hop = residual_semantics, history_hop

        self.user_embedding = (
            normal_embedding(self.num_users, dim, "user_embedding") if self.head.user_item_dot else None
        )
        self.entity_embedding = normal_embedding(self.num_entities, dim, "entity_embedding")
        self.relation_embedding = normal_embedding(num_relations, dim, "relation_embedding")
        # gamma, of length 1 give or take, so that psi(v) is not much shorter than v
        unit = dim**-0.5
        self.entity_semantics = (
            normal_embedding(self.num_entities, dim, "entity_semantics", unit) if semantic_attention else None
        )
        self.relation_semantics = (
            normal_embedding(num_relations, dim, "relation_semantics", unit) if semantic_attention else None
        )
        self.propagation = KnowledgePropagation(feature_exploration, name="propagation")
        self.exploration = (
            FeatureExploration(exploration_layers, activation, name="exploration") if feature_exploration else None
        )

    @classmethod
    def from_settings(cls, sizes: EkpnetSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named flat, as a config has them."""
        head, own = split_head(settings, {"ripple_item_dot": "interest_item_dot", "l2": "l2"})
        for group in ("lambdas", "first_lambdas"):
            own[group] = LossWeights(*(own.pop(f"{group.removesuffix('s')}{n}") for n in (1, 2, 3)))
        return cls(sizes, **own, head=head, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        d, hops, n = self.dim, self.num_hops, self.triples_per_item
        self.add_history(self.num_users)
        self.ripples = self.add_table("ripples", (self.num_items, hops, 3, n))  # head, relation, tail
        self.entity_ids = self.add_table("entity_ids", (self.num_entities,))  # the dataset's ids, for names
        for layer in self.layers:
            if isinstance(layer, Embedding):
                layer.build(None)
        self.head.build(self.num_items, self.num_entities)
        triples = (None, hops, self.history_length * n, d)
        self.propagation.build(triples, triples, (None, None, d), (None, None, *triples[1:3]))
        if self.exploration is not None:
            self.exploration.build((None, None, hops, d), (None, None, d))
        super().build(input_shape)

    def start_from(self, vectors: PretrainedEmbeddings) -> None:
        """Entity and relation vectors as pre-trained (Algorithms 1 and 2); the semantic vectors stay random."""
        entity, relation = needed(vectors, "entity", "ekpnet"), needed(vectors, "relation", "ekpnet")
        for table in (entity, relation):
            check_width("dim", table, self.dim)
        self.entity_embedding.embeddings.assign(entity[ops.convert_to_numpy(self.entity_ids)])
        self.relation_embedding.embeddings.assign(relation)

    def item_tables(self) -> EkpnetTables | None:
        """None where v_o and the biases are a look-up."""
        if not self.head.item_attributes and self.head.attribute_bias is None:
            return None
        item = ops.arange(self.num_items)
        return EkpnetTables(self._item_vector(item), self._bias(item))

    def user_state(
        self, user: Tensor, history: Tensor | None = None, tables: EkpnetTables | None = None
    ) -> EkpnetState:
        if history is None:
            history = self.history_of(user)  # [G, T]
        return self._state(user, history, self._triples(history), None, tables)

    def _state(
        self,
        user: Tensor,
        history: Tensor,
        triples: tuple[Tensor, Tensor, Tensor],
        attributes: Tensor | None,
        tables: EkpnetTables | None,
    ) -> EkpnetState:
        """Of histories [G, T] that lead to these triples [G, P, N], whose items have these attributes [G, T, n]."""
        head, relation, tail = triples
        vectors = TripleVectors(
            self.entity_embedding(head), self.relation_embedding(relation), self.entity_embedding(tail)
        )
        if self.entity_semantics is not None and self.relation_semantics is not None:
            gammas = self.entity_semantics(head), self.relation_semantics(relation), self.entity_semantics(tail)
            vectors = TripleVectors(*vectors[:3], *gammas)
        return EkpnetState(
            history=history,
            exists=ops.not_equal(tail, 0),
            vectors=vectors,
            keys=self._psi(vectors.head, vectors.gamma_head, vectors) + vectors.relation,
            values=self._psi(vectors.tail, vectors.gamma_tail, vectors),
            items=self._item_vector(history, None, attributes) if self.history_hop else None,
            user=None if self.user_embedding is None else ops.expand_dims(self.user_embedding(user), 1),
            tables=tables,
        )

    def score_items(
        self, state: EkpnetState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        return self._logit(state, item, left_out, training)

    def _logit(
        self,
        state: EkpnetState,
        item: Tensor,
        left_out: Tensor | None = None,
        training: bool = False,
        attributes: Tensor | None = None,
    ) -> Tensor:
        """`score_items`, of candidates that have `attributes` [G, M, n] instead of their own."""
        visible = leave_out(state.history, item, left_out)  # [G, M, T]
        candidate = self._item_vector(item, state.tables, attributes)  # v_o [G, M, d]
        rho, last, _ = self._propagate(state, candidate, visible)
        depths = self._accumulate(rho, state, visible)  # xi
        exploration = self.exploration if self.stage == self.num_stages - 1 else None
        paper = depths[-1] if exploration is None else None  # (15)
        interest = None if exploration is None else depths[-1]
        logit = self.head.product(candidate, paper, user=state.user, interest=interest, training=training)
        if exploration is not None:
            stacked = self.head.drop(ops.stack(depths, axis=2), training)
            logit = logit + exploration(stacked, self.head.drop(last, training))  # (16-18)
        if training:
            self._regularise(state, candidate, item)
        return logit + self._bias(item, state.tables, attributes)

    def explain(self, user: Tensor, item: Tensor, tables: EkpnetTables | None = None) -> EkpnetExplanation:
        state = self.user_state(user, tables=tables)
        item = ops.expand_dims(item, 1)
        visible = leave_out(state.history, item)
        _, _, phi = self._propagate(state, self._item_vector(item, tables), visible)  # [B, 1, P, N]
        seen = ops.cast(ops.squeeze(self._mask(state, visible), 1), "int32")  # [B, P, N]
        head, relation, tail = self._triples(state.history)
        seed = ops.repeat(state.history, self.triples_per_item, axis=1)  # [B, N]
        return EkpnetExplanation(
            logit=ops.squeeze(self.score_items(state, item), 1),
            ripple_head_entity=self.read_table("entity_ids", head * seen),
            ripple_relation=relation * seen,
            ripple_tail_entity=self.read_table("entity_ids", tail * seen),
            ripple_seed_item=ops.expand_dims(seed, 1) * seen,
            ripple_attention=ops.squeeze(phi, 1),
        )

    @property
    def product(self) -> Literal["", "part", "whole"]:
        return "part" if self.head.user_item_dot else ""

    def item_factors(self, tables: EkpnetTables | None = None) -> Tensor:
        item = ops.arange(self.num_items, dtype="int32")
        return item_side(self._item_vector(item, tables), self._bias(item, tables))

    def user_factors(self, state: EkpnetState) -> Tensor:
        return user_side(ops.squeeze(state.user, 1))

    def own_weights(self, explanation: EkpnetExplanation, history: Tensor) -> Tensor:
        """The attention that the triples of an item got, averaged over the hops."""
        of_hops = ops.mean(explanation.ripple_attention, axis=1)  # [B, N]
        return ops.sum(ops.reshape(of_hops, (*ops.shape(history), self.triples_per_item)), axis=2)

    def facts(self, user: Tensor, item: Tensor, tables: EkpnetTables | None = None) -> Facts | None:
        if not self.head.item_attributes and self.head.attribute_bias is None:
            return None  # the candidate's triples are not read
        tail, count = self._attributes(item), self.triples_per_item  # [B, n]
        without = ops.expand_dims(tail, 1) * ops.cast(without_each(count), "int32")  # [B, n + 1, n]
        items = ops.repeat(ops.expand_dims(item, 1), count + 1, axis=1)
        logit = self._logit(self.user_state(user, tables=tables), items, attributes=without)
        return Facts(
            relation=ops.take(ops.convert_to_tensor(self.ripples)[:, 0, 1], item, axis=0),
            entity=self.read_table("entity_ids", tail),
            contribution=logit[:, -1:] - logit[:, :-1],
        )

    def item_facts(self, item: Tensor) -> tuple[Tensor, Tensor]:
        """The triples of all hops that an item leads to, hop after hop."""
        of_item = ops.swapaxes(self.read_table("ripples", item), -3, -2)  # [..., 3, P, n]
        flat = ops.reshape(of_item, (*ops.shape(item), 3, self.num_hops * self.triples_per_item))
        tail = flat[..., 2, :]
        return flat[..., 1, :] * ops.cast(tail > 0, "int32"), self.read_table("entity_ids", tail)

    def state_without_fact(
        self, user: Tensor, history: Tensor, slot: Tensor, fact: Tensor, tables: EkpnetTables | None = None
    ) -> EkpnetState:
        head, relation, tail = self._triples(history)  # [G, P, N]
        hops, count = self.num_hops, self.triples_per_item
        of_items = ops.reshape(ops.transpose(tail, (0, 2, 1)), (*ops.shape(history), count, hops))
        of_items = ops.reshape(ops.swapaxes(of_items, 2, 3), (*ops.shape(history), hops * count))  # [G, T, P n]
        left = ops.where(one_of(slot, fact, of_items), 0, of_items)
        by_hop = ops.reshape(left, (*ops.shape(history), hops, count))
        tail = ops.reshape(ops.swapaxes(by_hop, 1, 2), ops.shape(tail))
        return self._state(user, history, (head, relation, tail), left[..., :count], tables)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}

    def _triples(self, history: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Heads, relations and tails of the history's ripple sets [G, P, N], the triples of one seed side by side."""
        rows = ops.transpose(self.read_table("ripples", history), (3, 0, 2, 1, 4))  # [3, G, P, T, n]
        flat = ops.reshape(
            rows, (3, -1, self.num_hops, (history.shape[1] or ops.shape(history)[1]) * self.triples_per_item)
        )
        return flat[0], flat[1], flat[2]

    def _psi(self, vector: Tensor, gamma: Tensor | None, vectors: TripleVectors) -> Tensor:
        """psi of heads or tails [G, P, N, d] (7, 8); without semantic attention the vectors themselves."""
        if gamma is None:
            return vector
        moved = semantic_transform(vector, gamma, vectors.gamma_relation)
        return vector + moved if self.residual_semantics else moved

    def _mask(self, state: EkpnetState, visible: Tensor) -> Tensor:
        """Which triples each candidate may see, bool [G, M, P, N]."""
        seeds = ops.repeat(visible, self.triples_per_item, axis=2)  # [G, M, N]
        return ops.logical_and(ops.expand_dims(seeds, 2), ops.expand_dims(state.exists, 1))

    def _propagate(self, state: EkpnetState, candidate: Tensor, visible: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rho, last, phi = self.propagation(state.keys, state.values, candidate, self._mask(state, visible))
        return rho, last, phi

    def _accumulate(self, rho: Tensor, state: EkpnetState, visible: Tensor) -> list[Tensor]:
        """xi^1 .. xi^P [G, M, d] (14)."""
        depths, total = [], 0.0
        if state.items is not None:
            total = visible_mean(state.items, visible)  # rho^0
        for hop in range(self.num_hops):
            total = total + rho[:, :, hop]
            depths.append(total)
        return depths

    def _item_vector(
        self, item: Tensor, tables: EkpnetTables | None = None, attributes: Tensor | None = None
    ) -> Tensor:
        """v_o [..., d]."""
        if attributes is None:
            if tables is not None:
                return ops.take(tables.vector, item, axis=0)
            attributes = self._attributes(item)
        return self.head.item_vector(item, attributes, self.entity_embedding)

    def _bias(self, item: Tensor, tables: EkpnetTables | None = None, attributes: Tensor | None = None) -> Tensor:
        """The head's biases [...]."""
        if attributes is None:
            if tables is not None:
                return ops.take(tables.bias, item, axis=0)
            attributes = self._attributes(item)
        return self.head.bias(item, attributes)

    def _attributes(self, item: Tensor) -> Tensor:
        """Tails of hop 1 [..., n]."""
        return ops.take(ops.convert_to_tensor(self.ripples)[:, 0, 2], item, axis=0)

    def _regularise(self, state: EkpnetState, candidate: Tensor, item: Tensor) -> None:
        """The last three terms of (24), and the head's."""
        lambdas, vectors = self.stage_lambdas[self.stage], state.vectors
        if lambdas.triples:
            term = triple_loss(vectors.head, vectors.relation, vectors.tail, state.exists)
            self.add_loss(lambdas.triples / 2 * term)
        if lambdas.matrices:
            parts = self.propagation.trainable_weights
            if self.exploration is not None and self.stage == self.num_stages - 1:
                parts = parts + self.exploration.trainable_weights
            if parts:
                self.add_loss(lambdas.matrices / 2 * sum(ops.sum(ops.square(part)) for part in parts))
        if lambdas.vectors:
            squares = sum(ops.sum(ops.square(each), axis=-1) for each in vectors if each is not None)  # [G, P, N]
            of_triples = ops.sum(squares * ops.cast(state.exists, candidate.dtype))
            term = pair_squares(item, [self.entity_embedding(item)], of_triples)
            self.add_loss(lambdas.vectors / 2 * term)
        if self.head.l2:
            of_history = 0.0 if state.items is None else ops.sum(ops.square(state.items))
            self.add_loss(self.head.penalty(item, (candidate, state.user), of_history))
