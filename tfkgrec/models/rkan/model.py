"""RKAN: recurrent knowledge attention network over semantic paths (Cheng et al.)."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.kge.embeddings import PretrainedEmbeddings, check_width, needed
from tfkgrec.layers.embedding import normal_embedding
from tfkgrec.layers.inner_product_head import InnerProductHead, split_head
from tfkgrec.layers.path_attention import PathAttention
from tfkgrec.layers.path_encoder import PathEncoder
from tfkgrec.layers.recent_items import RecentItems
from tfkgrec.layers.shared_nodes import joining_paths
from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.recommender import Facts, Links, Recommender, as_config, without_each
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

SCORES = ("embedding", "path", "both")
OF_BUILDER = ("near_attributes", "near_users", "paths_from", "redraw_paths", "max_edges")
"""Settings of what the model is built and trained with."""


class PathSizes(NamedTuple):
    """Sizes of a `PathGraph` and of what the model holds of it; rows with row 0 (padding, unknown)."""

    num_users: int
    num_items: int
    num_nodes: int  # all nodes share one table of vectors
    user_base: int  # user u is node user_base + u
    num_near: int  # A, middle nodes held of every item
    num_kinds: int  # K, kinds of middle nodes


class RkanState(NamedTuple):
    """What does not depend on the candidate."""

    history: Tensor  # item ids [G, T]
    node: Tensor  # the user's [G]
    vector: Tensor  # u [G, d]
    recent: Tensor | None  # of the items taken lately, in the head's product [G, d]


class RkanExplanation(NamedTuple):
    """The paths of 3 edges from user to item and what each counts for."""

    logit: Tensor  # [B]
    first_item: Tensor  # [B, S]
    first_relation: Tensor  # how the first item has the node [B, S]
    middle_entity: Tensor  # as the dataset numbers them; 0: another user [B, S]
    last_relation: Tensor  # how the item has the node; 0: through a user [B, S]
    path_weight: Tensor  # 0 where there is no path [B, S]


@keras.saving.register_keras_serializable("tfkgrec")
class RKAN(Recommender):
    """Paths user -> item -> .. -> item through one LSTM, attention over them, one layer (eqs 1-4).

    1. D_s: the LSTM's state after path s (1)                     [G, M, S, d]
    2. h = attention over the paths (2, 3)                        [G, M, d]
    3. path logit = W_r . h + b_r (4)                             [G, M]

    In training a batch brings paths, drawn from the whole graph (path_source.py). Everywhere else (ranking, serving,
    explanations) the model finds paths of 3 edges itself, through the newest T history items, from the middle nodes
    that its side tables hold of every item: its attributes, and a sample of the users who took it, drawn so that two
    items share many.

    Items are ranked by `score`: the paper ranks by <u, v> although its loss never trains it.

    Reading: see layers/path_encoder.py, layers/path_attention.py and path_graph.py.

    Args:
        sizes: of the graph and of the tables.
        dim: d.
        num_paths: S; 0: no paths at all, the path logit is a constant.
        history_length: T.
        pooling, scale: of `PathAttention`; pooling "max" is RKGE.
        score: what ranks: "embedding" (paper), "path", or "both", their sum.
        rerank: with "path" and "both", a call with more candidates than this gives path logits to the best ones by
            embedding only; the others follow below them in their own order.

    Not in the paper:
        inner_product_in_logit: train <u, v> (and what belongs to it) with the path logit.
        head: a bias, and beside u what the user took lately (`RecentItems`); an item's attributes are those near it.
            Its dropout is on u, v and h.
    """

    records = {**Recommender.records, "sizes": PathSizes}

    def __init__(
        self,
        sizes: PathSizes,
        *,
        dim: int,
        num_paths: int,
        history_length: int,
        pooling: str,
        scale: str,
        score: str,
        rerank: int,
        inner_product_in_logit: bool,
        head: InnerProductHead | None = None,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        if score not in SCORES:
            raise ValueError(f"`score` should be one of {SCORES}. Received: {score!r}")
        self._config = as_config(locals())
        self.head = InnerProductHead() if head is None else head
        self.sizes, self.num_items, self.user_base = sizes, sizes.num_items, sizes.user_base
        self.dim, self.num_paths, self.history_length = dim, num_paths, history_length
        self.score, self.rerank, self.inner_product_in_logit = score, rerank, inner_product_in_logit

        self.node_embedding = normal_embedding(sizes.num_nodes, dim, "node_embedding")
        recent = self.head.history_item_dot
        self.recent_items = RecentItems(sizes.num_items, dim, history_length, name="recent_items") if recent else None
        self.path_encoder: Any = PathEncoder(dim, name="path_encoder") if num_paths else None
        self.path_attention: Any = PathAttention(pooling, scale, name="path_attention") if num_paths else None
        self.regression: Any = keras.layers.Dense(1, name="regression") if num_paths else None

    @classmethod
    def from_settings(cls, sizes: PathSizes, settings: Mapping[str, Any], **kwargs: Unpack[LayerOptions]) -> Self:
        """A model whose settings are named flat, as a config has them, without `OF_BUILDER`."""
        head, own = split_head(settings, {"l2": "l2"})
        return cls(sizes, **own, head=head, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        sizes = self.sizes
        self.history = self.add_table("history", (sizes.num_users, self.history_length))
        self.near_node = self.add_table("near_node", (sizes.num_items, sizes.num_near))
        self.near_kind = self.add_table("near_kind", (sizes.num_items, sizes.num_near))
        self.near_relation = self.add_table("near_relation", (sizes.num_items, sizes.num_near))
        self.entity_ids = self.add_table("entity_ids", (sizes.user_base + 1,))  # the dataset's ids, for names
        self.node_embedding.build(None)
        if self.recent_items is not None:
            self.recent_items.build((None, None))
        self.head.build(sizes.num_items)
        d, s = self.dim, self.num_paths
        if self.path_encoder is not None:
            shape = (None, None, s, None)
            self.path_encoder.build((None, d), (*shape, d), (None, None, d), shape)
            self.path_attention.build((None, None, s, d), (None, None, s))
            self.regression.build((None, d))
        super().build(input_shape)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """As in `Recommender`, and optionally paths [G, M, S, L - 1]: read instead of those that the model finds."""
        state = self.user_state(inputs["user"], inputs.get("history"))
        paths = inputs.get("paths")
        if not training and paths is None:
            return self.score_items(state, inputs["item"])
        return self._training_logit(state, inputs["item"], paths, training)

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: None = None) -> RkanState:
        if history is None:
            history = self.read_table("history", user)  # [G, T]
        node = ops.where(user > 0, user + self.user_base, 0)
        recent = None if self.recent_items is None else self.recent_items(history)
        return RkanState(history, node, self.node_embedding(node), recent)

    def score_items(
        self, state: RkanState, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        if training:
            return self._training_logit(state, item, None, True)
        inner = self._inner_product(state, item, self._item_vector(item))  # [G, M]
        if self.score == "embedding" or self.path_encoder is None:
            return inner
        if item.shape[1] is None or item.shape[1] <= self.rerank:
            return self._reranked(state, item, inner)
        best, place = ops.top_k(inner, self.rerank)  # [G, R]
        place = ops.cast(place, "int32")
        top = self._reranked(state, ops.take_along_axis(item, place, axis=1), best)
        # The rest: in their own order, and all of them below the lowest that was looked at.
        rest = ops.min(top, axis=1, keepdims=True) + inner - ops.max(inner, axis=1, keepdims=True) - 1.0
        chosen = ops.one_hot(place, item.shape[1], dtype=inner.dtype)  # [G, R, M]
        scattered = ops.sum(ops.expand_dims(top, -1) * chosen, axis=1)
        return ops.where(ops.sum(chosen, axis=1) > 0, scattered, rest)

    def explain(self, user: Tensor, item: Tensor, tables: None = None) -> RkanExplanation:
        state, column = self.user_state(user), ops.expand_dims(item, 1)
        paths, slot, _ = self._find(state, column)
        _, weight = self._path_logit(state, column, paths)
        first, node = paths[:, 0, :, 0], paths[:, 0, :, 1]  # [B, S]
        last_relation = ops.take_along_axis(self.read_table("near_relation", item), slot[:, 0], axis=-1)
        same = ops.equal(self.read_table("near_node", first), ops.expand_dims(node, -1))  # [B, S, A]
        first_relation = ops.max(self.read_table("near_relation", first) * ops.cast(same, "int32"), axis=-1)
        there = ops.cast(node > 0, "int32")
        attribute = ops.logical_and(node > 0, node <= self.user_base)
        return RkanExplanation(
            logit=ops.squeeze(self.score_items(state, column), 1),
            first_item=first,
            first_relation=first_relation * there,
            middle_entity=self.read_table("entity_ids", ops.where(attribute, node, 0)),
            last_relation=last_relation * there,
            path_weight=ops.squeeze(weight, 1),
        )

    def own_weights(self, explanation: RkanExplanation, history: Tensor) -> Tensor:
        """The weights of the paths that begin with an item."""
        begins = ops.equal(ops.expand_dims(history, 2), ops.expand_dims(explanation.first_item, 1))  # [B, T, S]
        there = ops.cast(ops.expand_dims(ops.not_equal(history, 0), 2), explanation.path_weight.dtype)
        return ops.sum(ops.cast(begins, there.dtype) * there * ops.expand_dims(explanation.path_weight, 1), axis=2)

    def own_fact_weights(self, explanation: RkanExplanation) -> Tensor:
        return explanation.path_weight

    def paths(self, explanation: RkanExplanation) -> Links:
        return Links(explanation.first_item, explanation.middle_entity, explanation.last_relation)

    def facts(self, user: Tensor, item: Tensor, tables: None = None) -> Facts | None:
        """The paths, in the order of `explain`; those through other users have no name."""
        if self.path_encoder is None or self.score == "embedding":
            return None  # they have no say in the score
        column = ops.expand_dims(item, 1)
        state = self.user_state(user)
        paths, slot, _ = self._find(state, column)  # [B, 1, S', 2]
        count, node = paths.shape[2], paths[:, 0, :, 1]
        without = paths * ops.cast(ops.expand_dims(without_each(count), -1), "int32")  # [B, S' + 1, S', 2]
        logit, _ = self._path_logit(state, ops.repeat(column, count + 1, axis=1), without)
        there = ops.cast(node > 0, "int32")
        last = ops.take_along_axis(self.read_table("near_relation", item), slot[:, 0], axis=-1)
        named = ops.logical_and(node > 0, node <= self.user_base)
        return Facts(
            relation=last * there,
            entity=self.read_table("entity_ids", ops.where(named, node, 0)),
            contribution=logit[:, -1:] - logit[:, :-1],
        )

    def start_from(self, vectors: PretrainedEmbeddings) -> None:
        """Items and attributes start from the knowledge graph's vectors."""
        entity = needed(vectors, "entity", "rkan")
        check_width("dim", entity, self.dim)
        table = ops.convert_to_numpy(self.node_embedding.embeddings).copy()
        ids = ops.convert_to_numpy(self.entity_ids)
        table[: len(ids)] = entity[ids]
        self.node_embedding.embeddings.assign(table)

    @property
    def product(self) -> Literal["", "part", "whole"]:
        """Whole where no path is looked at, none where paths alone count."""
        if self.score == "embedding" or self.path_encoder is None:
            return "whole"
        return "part" if self.score == "both" else ""

    def item_factors(self, tables: None = None) -> Tensor:
        item = ops.arange(self.num_items, dtype="int32")
        return item_side(self._item_vector(item), self.head.bias(item))

    def user_factors(self, state: RkanState) -> Tensor:
        recent = state.recent if self.head.history_item_dot else None
        return user_side(state.vector if recent is None else state.vector + recent)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}

    def _training_logit(self, state: RkanState, item: Tensor, paths: Tensor | None, training: bool) -> Tensor:
        if self.path_encoder is None:
            logit = ops.zeros_like(ops.cast(item, self.compute_dtype))
        else:
            found = self._find(state, item)[0] if paths is None else ops.cast(paths, "int32")
            logit = self._path_logit(state, item, found, training)[0]
        if not self.inner_product_in_logit:
            return logit
        vector = self._item_vector(item)
        if training and self.head.l2:
            user = state.vector if state.recent is None else state.vector + state.recent
            self.add_loss(self.head.penalty(item, (vector, ops.expand_dims(user, 1))))
        return logit + self._inner_product(state, item, vector, training)

    def _reranked(self, state: RkanState, item: Tensor, inner: Tensor) -> Tensor:
        logit = self._path_logit(state, item, self._find(state, item)[0])[0]
        return logit + inner if self.score == "both" else logit

    def _path_logit(
        self, state: RkanState, item: Tensor, paths: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """W_r . h + b_r (4) [G, M] and the weights of the paths [G, M, S]."""
        if self.path_encoder is None:
            logit = ops.zeros_like(ops.cast(item, self.compute_dtype))
            return logit, ops.zeros_like(ops.cast(paths[..., 0], self.compute_dtype))
        nodes = ops.not_equal(paths, 0)  # [G, M, S, W]
        encoded = self.path_encoder(state.vector, self.node_embedding(paths), self.node_embedding(item), nodes)
        h, weight = self.path_attention(encoded, nodes[..., -1])
        return ops.squeeze(self.regression(self.head.drop(h, training)), -1), weight

    def _find(self, state: RkanState, item: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`joining_paths` through the side tables."""
        near = self.read_table("near_node", state.history), self.read_table("near_node", item)
        kinds = self.read_table("near_kind", item)
        most = max(self.num_paths, 1)
        return joining_paths(state.history, near[0], item, near[1], kinds, state.node, self.sizes.num_kinds, most)

    def _inner_product(self, state: RkanState, item: Tensor, vector: Tensor, training: bool = False) -> Tensor:
        """<u, v> of v [G, M, d] and what the head adds to it [G, M]."""
        user = ops.expand_dims(state.vector, 1)
        recent = None if state.recent is None else ops.expand_dims(state.recent, 1)
        logit = self.head.product(self.head.drop(vector, training), user, history=recent, training=training)
        return logit + self.head.bias(item)

    def _item_vector(self, item: Tensor) -> Tensor:
        """v [..., d]."""
        near = self.read_table("near_node", item)  # [..., A]
        return self.head.item_vector(item, ops.where(near <= self.user_base, near, 0), self.node_embedding)
