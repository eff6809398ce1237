"""RKAN: recurrent knowledge attention network over semantic paths (papers/rkan.txt)."""

from typing import Any

import keras
from keras import ops

from tfkgrec.kge.embeddings import PretrainedEmbeddings, check_width, needed
from tfkgrec.layers.embedding import BIAS_SPREAD, normal_embedding
from tfkgrec.layers.masked import masked_mean, masked_softmax
from tfkgrec.layers.path_attention import PathAttention
from tfkgrec.layers.path_encoder import PathEncoder
from tfkgrec.layers.shared_nodes import joining_paths
from tfkgrec.models.recommender import Recommender

SCORES = ("embedding", "path", "both")


@keras.saving.register_keras_serializable("tfkgrec")
class RKAN(Recommender):
    """Paths user -> item -> .. -> item through one LSTM, attention over them, one layer (eqs 1-4).

    1. D_s: the LSTM's state after path s (1)                     [G, M, S, d]
    2. h = attention over the paths (2, 3)                        [G, M, d]
    3. path logit = W_r . h + b_r (4)                             [G, M]

    In training a batch brings paths, drawn from the whole graph. Everywhere else (ranking, serving, explanations) the
    model finds paths of 3 edges itself, through the newest T history items, from the middle nodes that its side tables
    hold of every item: its attributes, and a sample of the users who took it, drawn so that two items share many.

    Items are ranked by `score`: the paper ranks by <u, v> although its loss never trains it.

    Reading: see layers/path_encoder.py, layers/path_attention.py and data/path_graph.py.

    Args:
        num_users, num_items: rows, row 0 (padding, unknown) included.
        num_nodes, user_base: of the `PathGraph`; all nodes share one table of vectors.
        num_near: A, middle nodes held of every item.
        num_kinds: K, kinds of middle nodes.
        dim: d.
        num_paths: S; 0: no paths at all, the path logit is a constant.
        max_edges: L, 3, 5 or 7; what training draws.
        history_length: T.
        paths_from: "all": in training, paths start with any training positive of the user; "newest": with the T that
            the user took just before the candidate (recency; not in the paper).
        redraw_paths: draw other paths every epoch.
        near_attributes, near_users: most attributes and users among the A (the builder's business).
        pooling, scale: of the attention; "average" is RKGE.
        score: what ranks: "embedding" (paper), "path", or "both", their sum.
        rerank: with "path" and "both", a call with more candidates than this gives path logits to the best ones by
            embedding only; the others follow below them in their own order.
        inner_product_in_logit: train <u, v> (and what belongs to it) with the path logit. Not in the paper.

    Not in the paper, all off by default, parts of the inner product:
        item_bias: one learned scalar per item.
        history_item_dot: add <sum_t a_t c_t, v>: c_t a second vector of the t-th newest item, a_t a learned weight of
            its age: what the user took lately.
        item_attributes: v + the mean of the vectors of the item's attributes.
        l2: weight of the squared vectors of the inner product, per labelled pair.
        dropout: on the vectors that enter the inner product, and on h.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        num_nodes: int,
        user_base: int,
        num_near: int,
        num_kinds: int,
        dim: int = 32,
        num_paths: int = 16,
        max_edges: int = 3,
        history_length: int = 30,
        paths_from: str = "all",
        redraw_paths: bool = True,
        near_attributes: int = 16,
        near_users: int = 16,
        pooling: str = "attention",
        scale: str = "dk",
        score: str = "embedding",
        rerank: int = 200,
        inner_product_in_logit: bool = False,
        item_bias: bool = False,
        history_item_dot: bool = False,
        item_attributes: bool = False,
        l2: float = 0.0,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score not in SCORES:
            raise ValueError(f"`score` should be one of {SCORES}. Received: {score!r}")
        self._config = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        self.num_users, self.num_items, self.num_nodes = num_users, num_items, num_nodes
        self.user_base, self.num_near, self.num_kinds, self.dim = user_base, num_near, num_kinds, dim
        self.num_paths, self.max_edges, self.history_length = num_paths, max_edges, history_length
        self.paths_from, self.redraw_paths = paths_from, redraw_paths
        self.score, self.rerank, self.inner_product_in_logit = score, rerank, inner_product_in_logit
        self.item_attributes, self.l2 = item_attributes, l2

        self.node_embedding = normal_embedding(num_nodes, dim, "node_embedding")
        self.context_embedding = normal_embedding(num_items, dim, "context_embedding") if history_item_dot else None
        self.item_bias = normal_embedding(num_items, 1, "item_bias", BIAS_SPREAD) if item_bias else None
        self.path_encoder: Any = PathEncoder(dim, name="path_encoder") if num_paths else None
        self.path_attention: Any = PathAttention(pooling, scale, name="path_attention") if num_paths else None
        self.regression: Any = keras.layers.Dense(1, name="regression") if num_paths else None
        self.dropout = keras.layers.Dropout(dropout, name="dropout") if dropout else None

    def build(self, input_shape: Any = None) -> None:
        self.history = self.add_table("history", (self.num_users, self.history_length))
        self.near_node = self.add_table("near_node", (self.num_items, self.num_near))
        self.near_kind = self.add_table("near_kind", (self.num_items, self.num_near))
        self.near_relation = self.add_table("near_relation", (self.num_items, self.num_near))
        self.entity_ids = self.add_table("entity_ids", (self.user_base + 1,))  # the dataset's ids, for names
        for table in (self.node_embedding, self.context_embedding, self.item_bias):
            if table is not None:
                table.build(None)
        self.age_logit = None
        if self.context_embedding is not None:
            self.age_logit = self.add_weight(shape=(self.history_length,), initializer="zeros", name="age_logit")
        d, s, w = self.dim, self.num_paths, self.max_edges - 1
        if self.path_encoder is not None:
            shape = (None, None, s, w)
            self.path_encoder.build((None, d), (*shape, d), (None, None, d), shape)
            self.path_attention.build((None, None, s, d), (None, None, s))
            self.regression.build((None, d))
        super().build(input_shape)

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        """As in `Recommender`, and optionally paths [G, M, S, L - 1]: read instead of those that the model finds."""
        state = self.user_state(inputs["user"], inputs.get("history"))
        paths = inputs.get("paths")
        if not training and paths is None:
            return self.score_items(state, inputs["item"])
        return self._training_logit(state, inputs["item"], paths, training)

    def user_state(self, user: Any, history: Any | None = None) -> dict[str, Any]:
        if history is None:
            history = self.read_table("history", user)  # [G, T]
        node = ops.where(user > 0, user + self.user_base, 0)
        vector = self.node_embedding(node)  # u [G, d]
        return {"history": history, "node": node, "vector": vector, "recent": self._recent(history)}

    def score_items(self, state: dict[str, Any], item: Any, left_out: Any | None = None, training: bool = False) -> Any:
        if training:
            return self._training_logit(state, item, None, True)
        if self.score == "embedding" or self.path_encoder is None:
            return self._inner_product(state, item)[0]
        inner = self._inner_product(state, item)[0]  # [G, M]
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

    def explain(self, user: Any, item: Any) -> dict[str, Any]:
        """The paths of 3 edges from user to item and what each counts for.

        Returns:
            logit [B]; first_item [B, S]; first_relation [B, S], how the first item has the node, last_relation, how the
            item has it (0: through a user); middle_entity [B, S] (0: another user); path_weight [B, S], 0 where there
            is no path.
        """
        state, column = self.user_state(user), ops.expand_dims(item, 1)
        logit = ops.squeeze(self.score_items(state, column), 1)
        paths, slot, _ = self._find(state, column)
        _, weight = self._path_logit(state, column, paths)
        first, node = paths[:, 0, :, 0], paths[:, 0, :, 1]  # [B, S]
        last_relation = ops.take_along_axis(self.read_table("near_relation", item), slot[:, 0], axis=-1)
        same = ops.equal(self.read_table("near_node", first), ops.expand_dims(node, -1))  # [B, S, A]
        first_relation = ops.max(self.read_table("near_relation", first) * ops.cast(same, "int32"), axis=-1)
        there = ops.cast(node > 0, "int32")
        attribute = ops.logical_and(node > 0, node <= self.user_base)
        entity = self.read_table("entity_ids", ops.where(attribute, node, 0))
        return {
            "logit": logit,
            "first_item": first,
            "first_relation": first_relation * there,
            "middle_entity": entity,
            "last_relation": last_relation * there,
            "path_weight": ops.squeeze(weight, 1),
        }

    def start_from(self, vectors: PretrainedEmbeddings) -> None:
        """Items and attributes start from the knowledge graph's vectors."""
        entity = needed(vectors, "entity", "rkan")
        check_width("dim", entity, self.dim)
        table = ops.convert_to_numpy(self.node_embedding.embeddings).copy()
        ids = ops.convert_to_numpy(self.entity_ids)
        table[: len(ids)] = entity[ids]
        self.node_embedding.embeddings.assign(table)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

    def _training_logit(self, state: dict[str, Any], item: Any, paths: Any, training: bool) -> Any:
        if self.path_encoder is None:
            logit = ops.zeros_like(ops.cast(item, self.compute_dtype))
        else:
            found = self._find(state, item)[0] if paths is None else ops.cast(paths, "int32")
            logit = self._path_logit(state, item, found, training)[0]
        if not self.inner_product_in_logit:
            return logit
        inner, squares = self._inner_product(state, item, training)
        if training and self.l2:
            real = ops.cast(ops.not_equal(item, 0), squares.dtype)
            self.add_loss(self.l2 * ops.sum(squares * real) / ops.maximum(ops.sum(real), 1.0))
        return logit + inner

    def _reranked(self, state: dict[str, Any], item: Any, inner: Any) -> Any:
        logit = self._path_logit(state, item, self._find(state, item)[0])[0]
        return logit + inner if self.score == "both" else logit

    def _path_logit(self, state: dict[str, Any], item: Any, paths: Any, training: bool = False) -> tuple[Any, Any]:
        """W_r . h + b_r (4) [G, M] and the weights of the paths [G, M, S]."""
        if self.path_encoder is None:
            logit = ops.zeros_like(ops.cast(item, self.compute_dtype))
            return logit, ops.zeros_like(ops.cast(paths[..., 0], self.compute_dtype))
        nodes = ops.not_equal(paths, 0)  # [G, M, S, W]
        encoded = self.path_encoder(state["vector"], self.node_embedding(paths), self.node_embedding(item), nodes)
        h, weight = self.path_attention(encoded, nodes[..., -1])
        return ops.squeeze(self.regression(self._drop(h, training)), -1), weight

    def _find(self, state: dict[str, Any], item: Any) -> tuple[Any, Any, Any]:
        """`joining_paths` through the side tables."""
        history = state["history"]
        near = self.read_table("near_node", history), self.read_table("near_node", item)
        kinds = self.read_table("near_kind", item)
        most = max(self.num_paths, 1)
        return joining_paths(history, near[0], item, near[1], kinds, state["node"], self.num_kinds, most)

    def _recent(self, history: Any) -> Any:
        """sum_t a_t c_t [G, d], or None."""
        if self.context_embedding is None:
            return None
        held = ops.not_equal(history, 0)
        age = ops.sum(ops.cast(held, "int32"), axis=1, keepdims=True) - 1 - ops.arange(history.shape[1], dtype="int32")
        logit = ops.take(ops.convert_to_tensor(self.age_logit), ops.maximum(age, 0), axis=0)
        weight = masked_softmax(logit, held)  # [G, T]
        return ops.sum(ops.expand_dims(weight, -1) * self.context_embedding(history), axis=1)

    def _inner_product(self, state: dict[str, Any], item: Any, training: bool = False) -> tuple[Any, Any]:
        """<u, v> and what was added to it [G, M], and the squared vectors in it [G, M]."""
        user = state["vector"] if state["recent"] is None else state["vector"] + state["recent"]
        user, vector = ops.expand_dims(user, 1), self._item_vector(item)
        logit = ops.sum(self._drop(user, training) * self._drop(vector, training), axis=-1)
        if self.item_bias is not None:
            logit = logit + ops.squeeze(self.item_bias(item), -1)
        return logit, ops.sum(ops.square(vector), -1) + ops.sum(ops.square(user), -1)

    def _item_vector(self, item: Any) -> Any:
        vector = self.node_embedding(item)
        if not self.item_attributes:
            return vector
        near = self.read_table("near_node", item)  # [G, M, A]
        attribute = ops.logical_and(near > 0, near <= self.user_base)
        return vector + masked_mean(self.node_embedding(near), attribute)

    def _drop(self, x: Any, training: bool) -> Any:
        return x if self.dropout is None else self.dropout(x, training=training)
