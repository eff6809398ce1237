"""EKPNet: enhanced knowledge propagation perception (papers/ekpnet.txt)."""

from typing import Any

import keras
from keras import ops

from tfkgrec.kge.embeddings import PretrainedEmbeddings, check_width, needed
from tfkgrec.layers.asymmetric_attention import semantic_transform
from tfkgrec.layers.embedding import BIAS_SPREAD, Embedding, normal_embedding
from tfkgrec.layers.feature_exploration import FeatureExploration
from tfkgrec.layers.knowledge_propagation import KnowledgePropagation
from tfkgrec.layers.masked import leave_out, masked_mean, masked_mean_weights
from tfkgrec.layers.triple_loss import triple_loss
from tfkgrec.models.recommender import Recommender


@keras.saving.register_keras_serializable("tfkgrec")
class EKPNet(Recommender):
    """Ripple sets -> asymmetric attention, hop by hop -> feature exploration (eqs 3-18).

    1. N triples (h, r, t) a hop around the history (3-5); n of each item, N = n T          [G, P, N]
    2. rho^p = sum_i phi_i psi(v_t_i), phi = softmax_i((psi(v_h_i) + v_r_i) . v_o^{p-1}) (6-12)   [G, M, P, d]
    3. xi^p = rho^1 + ... + rho^p (14)                                                      [G, M, P, d]
    4. Stage 0 (pre-training): logit = xi^P . v_o (15)                                      [G, M]
       Stage 1: logit = MLP of [xi^1 || ... || xi^P || v_o^P] (16-18)                       [G, M]

    Reading: every history item, the seed, brings ripple sets of its own (data/ripple.py), and a pair loses those of one
    seed, its own or the one `left_out` names. So a stranger's history is served by the same tables as a user's, and
    nothing is left of an item that is left out.
    Losses (24) are per labelled pair, as the cross-entropy is a mean over pairs: lambda3 weighs the squares of the
    vectors looked up, divided by the pairs; lambda1 the mean over triples of `triple_loss`; lambda2 the squares of
    all W and b. The first stage has its own three (Table 2, "-pre").

    Args:
        num_users, num_items, num_entities, num_relations: table rows, row 0 (padding, unknown) included; items are the
            first entities.
        dim: d.
        num_hops: P.
        history_length: T, history items whose ripples are read.
        triples_per_item: n, triples a hop of each of them.
        semantic_attention: False is psi(v) = v: the ablation EKP_frame, and EKP_no.
        feature_exploration: False never leaves stage 0: the ablation EKP_att, and EKP_no, which is much like RippleNet.
        exploration_layers: L.
        lambda1, lambda2, lambda3: weights of the triples' term, the squares of W and b, and those of the vectors.
        first_lambda1, first_lambda2, first_lambda3: the same in stage 0, where there is a stage 1.

    Not in the paper, all off by default:
        residual_semantics: psi(v) = v + gamma_e (gamma_r . v), as in TransD.
        item_bias, attribute_bias: one learned scalar per item; one per entity, summed over the item's attributes (the
            tails of its hop 1).
        history_hop: xi^p starts with rho^0, the mean vector of the history items.
        item_attributes: an item's vector, as candidate and in rho^0, is v + the mean of its attributes.
        user_item_dot: add <u, i> to the logit, u a learned vector.
        ripple_item_dot: add xi^P . v_o to the logit of stage 1, too.
        l2: weight of the squares of the vectors in these products (as `lambda3`, but attributes included).
        dropout: on the vectors that enter the products and the exploration.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        num_entities: int,
        num_relations: int,
        dim: int = 16,
        num_hops: int = 2,
        history_length: int = 8,
        triples_per_item: int = 4,
        semantic_attention: bool = True,
        feature_exploration: bool = True,
        exploration_layers: int = 3,
        lambda1: float = 0.0,
        lambda2: float = 0.0,
        lambda3: float = 0.0,
        first_lambda1: float = 0.0,
        first_lambda2: float = 0.0,
        first_lambda3: float = 0.0,
        residual_semantics: bool = False,
        item_bias: bool = False,
        attribute_bias: bool = False,
        history_hop: bool = False,
        item_attributes: bool = False,
        user_item_dot: bool = False,
        ripple_item_dot: bool = False,
        l2: float = 0.0,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._config = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        self.num_users, self.num_items, self.num_entities = num_users, num_items, num_entities
        self.dim, self.num_hops = dim, num_hops
        self.history_length, self.triples_per_item = history_length, triples_per_item
        self.num_stages = 2 if feature_exploration else 1
        self.lambdas = [(first_lambda1, first_lambda2, first_lambda3), (lambda1, lambda2, lambda3)][-self.num_stages :]
        self.residual_semantics, self.history_hop = residual_semantics, history_hop
        self.item_attributes, self.ripple_item_dot, self.l2 = item_attributes, ripple_item_dot, l2

        self.user_embedding = normal_embedding(num_users, dim, "user_embedding") if user_item_dot else None
        self.entity_embedding = normal_embedding(num_entities, dim, "entity_embedding")
        self.relation_embedding = normal_embedding(num_relations, dim, "relation_embedding")
        # gamma, of length 1 give or take, so that psi(v) is not much shorter than v
        unit = dim**-0.5
        self.entity_semantics = (
            normal_embedding(num_entities, dim, "entity_semantics", unit) if semantic_attention else None
        )
        self.relation_semantics = (
            normal_embedding(num_relations, dim, "relation_semantics", unit) if semantic_attention else None
        )
        self.item_bias = normal_embedding(num_items, 1, "item_bias", BIAS_SPREAD) if item_bias else None
        self.attribute_bias = (
            normal_embedding(num_entities, 1, "attribute_bias", BIAS_SPREAD) if attribute_bias else None
        )
        self.propagation = KnowledgePropagation(feature_exploration, name="propagation")
        self.exploration = FeatureExploration(exploration_layers, name="exploration") if feature_exploration else None
        self.dropout = keras.layers.Dropout(dropout, name="dropout") if dropout else None

    def build(self, input_shape: Any = None) -> None:
        d, hops, n = self.dim, self.num_hops, self.triples_per_item
        self.history = self.add_table("history", (self.num_users, self.history_length))
        self.ripples = self.add_table("ripples", (self.num_items, hops, 3, n))  # head, relation, tail
        self.entity_ids = self.add_table("entity_ids", (self.num_entities,))  # the dataset's ids, for names
        for layer in self.layers:
            if isinstance(layer, Embedding):
                layer.build(None)
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

    def item_tables(self) -> dict[str, Any]:
        """v_o [I, d] and the biases [I] of every item, where they are more than a look-up."""
        if not self.item_attributes and self.attribute_bias is None:
            return {}
        item = ops.arange(self.num_items)
        return {"vector": self._item_vector(item), "bias": self._biases(item)}

    def user_state(self, user: Any, history: Any | None = None, tables: dict[str, Any] | None = None) -> dict[str, Any]:
        if history is None:
            history = self.read_table("history", user)  # [G, T]
        head, relation, tail = self._triples(history)  # [G, P, N]
        exists = ops.not_equal(tail, 0)
        vectors = {
            "head": self.entity_embedding(head),  # [G, P, N, d]
            "relation": self.relation_embedding(relation),
            "tail": self.entity_embedding(tail),
        }
        if self.entity_semantics is not None and self.relation_semantics is not None:
            vectors["gamma_head"] = self.entity_semantics(head)
            vectors["gamma_relation"] = self.relation_semantics(relation)
            vectors["gamma_tail"] = self.entity_semantics(tail)
        return {
            "history": history,
            "exists": exists,
            "vectors": vectors,
            "keys": self._psi(vectors, "head") + vectors["relation"],  # [G, P, N, d]
            "values": self._psi(vectors, "tail"),  # [G, P, N, d]
            "items": self._item_vector(history) if self.history_hop else None,  # [G, T, d]
            "user": None if self.user_embedding is None else ops.expand_dims(self.user_embedding(user), 1),  # [G, 1, d]
            "tables": tables or {},
        }

    def score_items(self, state: dict[str, Any], item: Any, left_out: Any | None = None, training: bool = False) -> Any:
        visible = leave_out(state["history"], item, left_out)  # [G, M, T]
        candidate = self._item_vector(item, state["tables"])  # v_o [G, M, d]
        rho, last, _ = self._propagate(state, candidate, visible)
        depths = self._accumulate(rho, state, visible)  # xi
        in_last = self.stage == self.num_stages - 1
        taste = [] if state["user"] is None else [state["user"]]
        if not in_last or self.exploration is None or self.ripple_item_dot:
            taste.append(depths[-1])  # (15)
        logit: Any = 0.0
        if taste:
            logit = ops.sum(self._drop(sum(taste[1:], taste[0]), training) * candidate, axis=-1)
        if in_last and self.exploration is not None:
            stacked = self._drop(ops.stack(depths, axis=2), training)
            logit = logit + self.exploration(stacked, self._drop(last, training))  # (16-18)
        logit = logit + self._biases(item, state["tables"])
        if training:
            self._regularise(state, candidate, item)
        return logit

    def explain(self, user: Any, item: Any, tables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The triples of every hop, what each weighs for the candidate, and the history item that led to it.

        Returns:
            logit [B]; ripple_head_entity, ripple_relation, ripple_tail_entity (as the dataset numbers them),
            ripple_seed_item and ripple_attention [B, P, N]. A hop's attention sums to 1; ids are 0 where there is no
            triple, or none that the candidate may see.
        """
        state = self.user_state(user, tables=tables)
        item = ops.expand_dims(item, 1)
        visible = leave_out(state["history"], item)
        _, _, phi = self._propagate(state, self._item_vector(item, state["tables"]), visible)  # [B, 1, P, N]
        seen = ops.cast(ops.squeeze(self._mask(state, visible), 1), "int32")  # [B, P, N]
        head, relation, tail = self._triples(state["history"])
        seed = ops.repeat(state["history"], self.triples_per_item, axis=1)  # [B, N]
        return {
            "logit": ops.squeeze(self.score_items(state, item), 1),
            "ripple_head_entity": self.read_table("entity_ids", head * seen),
            "ripple_relation": relation * seen,
            "ripple_tail_entity": self.read_table("entity_ids", tail * seen),
            "ripple_seed_item": ops.expand_dims(seed, 1) * seen,
            "ripple_attention": ops.squeeze(phi, 1),
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

    def _triples(self, history: Any) -> tuple[Any, Any, Any]:
        """Heads, relations and tails of the history's ripple sets [G, P, N], the triples of one seed side by side."""
        rows = ops.transpose(self.read_table("ripples", history), (3, 0, 2, 1, 4))  # [3, G, P, T, n]
        flat = ops.reshape(rows, (3, -1, self.num_hops, history.shape[1] * self.triples_per_item))
        return flat[0], flat[1], flat[2]

    def _psi(self, vectors: dict[str, Any], end: str) -> Any:
        """psi of heads or tails [G, P, N, d] (7, 8); without semantic attention the vectors themselves."""
        if self.entity_semantics is None:
            return vectors[end]
        moved = semantic_transform(vectors[end], vectors[f"gamma_{end}"], vectors["gamma_relation"])
        return vectors[end] + moved if self.residual_semantics else moved

    def _mask(self, state: dict[str, Any], visible: Any) -> Any:
        """Which triples each candidate may see, bool [G, M, P, N]."""
        seeds = ops.repeat(visible, self.triples_per_item, axis=2)  # [G, M, N]
        return ops.logical_and(ops.expand_dims(seeds, 2), ops.expand_dims(state["exists"], 1))

    def _propagate(self, state: dict[str, Any], candidate: Any, visible: Any) -> tuple[Any, Any, Any]:
        return self.propagation(state["keys"], state["values"], candidate, self._mask(state, visible))

    def _accumulate(self, rho: Any, state: dict[str, Any], visible: Any) -> list[Any]:
        """xi^1 .. xi^P [G, M, d] (14)."""
        depths, total = [], 0.0
        if state["items"] is not None:
            total = ops.matmul(masked_mean_weights(visible, rho.dtype), state["items"])  # rho^0
        for hop in range(self.num_hops):
            total = total + rho[:, :, hop]
            depths.append(total)
        return depths

    def _item_vector(self, item: Any, tables: dict[str, Any] | None = None) -> Any:
        """v, or v + the mean of the tails of its hop 1 [..., d]."""
        if tables:
            return ops.take(tables["vector"], item, axis=0)
        vector = self.entity_embedding(item)
        if not self.item_attributes:
            return vector
        near = self._attributes(item)
        return vector + masked_mean(self.entity_embedding(near), ops.not_equal(near, 0))

    def _attributes(self, item: Any) -> Any:
        """Tails of hop 1 [..., n]."""
        return ops.take(ops.convert_to_tensor(self.ripples)[:, 0, 2], item, axis=0)

    def _biases(self, item: Any, tables: dict[str, Any] | None = None) -> Any:
        """What the item itself and its attributes add to the logit (not in the paper) [...]."""
        if tables:
            return ops.take(tables["bias"], item, axis=0)
        total = ops.zeros_like(item, dtype=self.compute_dtype)
        if self.item_bias is not None:
            total = total + ops.squeeze(self.item_bias(item), -1)
        if self.attribute_bias is not None:
            near = self._attributes(item)  # [..., n]
            biases = ops.squeeze(self.attribute_bias(near), -1)
            total = total + ops.sum(biases * ops.cast(ops.not_equal(near, 0), biases.dtype), axis=-1)
        return total

    def _drop(self, x: Any, training: bool) -> Any:
        return x if self.dropout is None else self.dropout(x, training=training)

    def _regularise(self, state: dict[str, Any], candidate: Any, item: Any) -> None:
        """The last three terms of (24), and l2."""
        lambda1, lambda2, lambda3 = self.lambdas[self.stage]
        vectors, exists = state["vectors"], state["exists"]
        if lambda1:
            term = triple_loss(vectors["head"], vectors["relation"], vectors["tail"], exists)
            self.add_loss(lambda1 / 2 * term)
        if lambda2:
            parts = self.propagation.trainable_weights
            if self.exploration is not None and self.stage == self.num_stages - 1:
                parts = parts + self.exploration.trainable_weights
            if parts:
                self.add_loss(lambda2 / 2 * sum(ops.sum(ops.square(part)) for part in parts))
        real = ops.cast(ops.not_equal(item, 0), candidate.dtype)  # [G, M]
        pairs = ops.maximum(ops.sum(real), 1.0)
        if lambda3:
            squares = sum(ops.sum(ops.square(v), axis=-1) for v in vectors.values())  # [G, P, N]
            used = ops.sum(squares * ops.cast(exists, candidate.dtype))
            used = used + ops.sum(ops.sum(ops.square(self.entity_embedding(item)), -1) * real)
            self.add_loss(lambda3 / 2 * used / pairs)
        if self.l2:
            used = ops.sum(ops.sum(ops.square(candidate), -1) * real)
            if state["items"] is not None:
                used = used + ops.sum(ops.square(state["items"]))
            if state["user"] is not None:
                used = used + ops.sum(ops.sum(ops.square(state["user"]), -1) * real)
            self.add_loss(self.l2 * used / pairs)
