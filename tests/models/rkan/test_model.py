"""RKAN against its equations written out for one pair at a time, and everything a recommender has to offer."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import sigmoid, softmax
from tests.models.rkan.small import BASE, EVERYTHING, KINDS, D, batch, rkan
from tests.models.small import ITEMS, USERS, flat
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.recommender import outputs
from tfkgrec.models.rkan.model import RKAN

VARIANTS = {
    "paper": {},
    "RKGE": {"pooling": "max"},
    "average": {"pooling": "average"},
    "scale": {"scale": "sqrt_dk"},
    "five edges": {"max_edges": 5},
    "path": {"score": "path"},
    "inner product": {"inner_product_in_logit": True},
    "everything": EVERYTHING,
    "no paths": {**EVERYTHING, "score": "embedding", "num_paths": 0},
}


def every_variant(function):
    return pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS.keys())(function)


def value(weight) -> np.ndarray:
    return keras.ops.convert_to_numpy(weight).astype(np.float64)


class Obvious:
    """RKAN for one user and one item, in float64, straight from the equations."""

    def __init__(self, model: RKAN) -> None:
        self.model, self.config = model, flat(model)
        self.node = value(model.node_embedding.embeddings)

    def user_node(self, user: int) -> int:
        return user + BASE if user else 0

    def encode(self, nodes: list[int]) -> np.ndarray:
        """The output of an LSTM after the last node (1)."""
        kernel, recurrent, bias = (value(w) for w in self.model.path_encoder.weights)
        h = c = np.zeros(D)
        for node in nodes:
            i, f, g, o = np.split(self.node[node] @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(i) * np.tanh(g) + sigmoid(f) * c
            h = sigmoid(o) * np.tanh(c)
        return h

    def path_logit(self, user: int, item: int, paths: list[tuple[int, ...]]) -> float:
        if not self.config["num_paths"]:
            return 0.0
        d = np.array([self.encode([self.user_node(user), *path, item]) for path in paths])
        if not paths:
            h = value(self.model.path_attention.no_path)
        elif self.config["pooling"] == "average":
            h = d.mean(axis=0)
        elif self.config["pooling"] == "max":
            h = d.max(axis=0)
        else:
            size = D if self.config["scale"] == "dk" else D**0.5
            h = np.mean([softmax(d @ q / size) @ d for q in d], axis=0)  # (2, 3)
        kernel, bias = (value(w) for w in self.model.regression.weights)
        return float(h @ kernel[:, 0] + bias[0])  # (4)

    def vector(self, item: int) -> np.ndarray:
        near = [n for n in value(self.model.near_node).astype(int)[item] if 0 < n <= BASE]
        own = self.node[item]
        return own + self.node[near].mean(axis=0) if self.config["item_attributes"] and near else own

    def inner(self, user: int, item: int, history: np.ndarray) -> float:
        u = self.node[self.user_node(user)].copy()
        held = [int(i) for i in history if i]
        if self.config["history_item_dot"] and held:
            weight = softmax(value(self.model.recent_items.age_logit)[: len(held)][::-1])  # the newest has age 0
            u += weight @ value(self.model.recent_items.context_embedding.embeddings)[held]
        bias = value(self.model.head.item_bias.embeddings)[item, 0] if self.config["item_bias"] else 0.0
        return float(u @ self.vector(item) + bias)

    def found(self, user: int, item: int, history: np.ndarray) -> list[tuple[int, int]]:
        """The paths that the model finds itself: the newest first, kind by kind in turn, up to S."""
        near = value(self.model.near_node).astype(int)
        kind = value(self.model.near_kind).astype(int)
        paths, turns = [], [0] * KINDS
        for first in [int(i) for i in history[::-1] if i and i != item]:
            for slot, node in enumerate(near[item]):
                if node and node != self.user_node(user) and node in near[first]:
                    k = kind[item, slot]
                    paths.append((turns[k], k, first, int(node)))
                    turns[k] += 1
        return [path[2:] for path in sorted(paths, key=lambda p: p[:2])][: self.config["num_paths"]]

    def score(self, user: int, item: int, history: np.ndarray) -> float:
        path = self.path_logit(user, item, self.found(user, item, history))
        inner = self.inner(user, item, history)
        return {"embedding": inner, "path": path, "both": inner + path}[self.config["score"]]


def real(paths: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(int(n) for n in path if n) for path in paths if path[-1]]


@every_variant
def test_training_logits_equal_the_equations(settings):
    model, given = rkan(**settings), batch(edges=settings.get("max_edges", 3))
    found = np.asarray(model(given, training=True))
    obvious = Obvious(model)
    for g, m in np.ndindex(*given["item"].shape):
        user, item = int(given["user"][g]), int(given["item"][g, m])
        expected = obvious.path_logit(user, item, real(given["paths"][g, m]))
        if settings.get("inner_product_in_logit"):
            expected += obvious.inner(user, item, given["history"][g])
        assert found[g, m] == pytest.approx(expected, abs=1e-5)


@every_variant
def test_scores_equal_the_equations(settings):
    model = rkan(**settings)
    obvious, history = Obvious(model), value(model.history).astype(int)
    item = np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))
    found = np.asarray(model({"user": np.arange(USERS, dtype=np.int32), "item": item}))
    paths = 0
    for user, i in np.ndindex(USERS, ITEMS):
        assert found[user, i] == pytest.approx(obvious.score(user, i, history[user]), abs=1e-5)
        paths += len(obvious.found(user, i, history[user]))
    assert paths > 20 or not model.num_paths


def test_many_candidates_are_retrieved_by_embedding_and_reranked_by_path():
    settings = {**EVERYTHING, "rerank": 3}
    model = rkan(**settings)
    user, item = np.arange(USERS, dtype=np.int32), np.tile(np.arange(1, ITEMS, dtype=np.int32), (USERS, 1))
    inner = np.asarray(model._inner_product(model.user_state(user), item, model._item_vector(item)))
    each = np.concatenate([np.asarray(model({"user": user, "item": item[:, [m]]})) for m in range(ITEMS - 1)], axis=1)
    found = np.asarray(model({"user": user, "item": item}))
    for row in range(USERS):
        order = np.argsort(-inner[row])
        best, rest = order[:3], order[3:]
        assert_allclose(found[row, best], each[row, best], atol=1e-5)
        assert found[row, rest].max() < found[row, best].min()
        assert (np.diff(found[row, rest]) < 0).all()


def test_embedding_of_the_paper_is_the_bare_inner_product():
    model = rkan()
    node = value(model.node_embedding.embeddings)
    found = np.asarray(model({"user": np.array([2], np.int32), "item": np.array([[3, 4]], np.int32)}))
    assert_allclose(found[0], node[[3, 4]] @ node[BASE + 2], atol=1e-6)


@pytest.mark.parametrize("settings", [{}, EVERYTHING, VARIANTS["no paths"]], ids=["paper", "everything", "no paths"])
def test_explanations_are_the_paths_and_their_weights(settings):
    model = rkan(**settings)
    obvious, history = Obvious(model), value(model.history).astype(int)
    user, item = (x.ravel().astype(np.int32) for x in np.meshgrid(np.arange(USERS), np.arange(ITEMS)))
    found = {name: np.asarray(x) for name, x in outputs(model.explain(user, item)).items()}
    assert_allclose(found["logit"], np.asarray(model({"user": user, "item": item[:, None]}))[:, 0], atol=1e-6)
    near, relation = (value(t).astype(int) for t in (model.near_node, model.near_relation))
    total = 0
    for n, (u, i) in enumerate(zip(user, item, strict=True)):
        wanted = obvious.found(u, i, history[u]) if model.num_paths else []
        total += len(wanted)
        assert found["path_weight"][n].sum() == pytest.approx(float(len(wanted) > 0), abs=1e-5)
        assert (found["path_weight"][n] > 0).sum() == len(wanted)
        for s, (first, node) in enumerate(wanted):
            assert found["first_item"][n, s] == first
            through_user = node > BASE
            assert found["middle_entity"][n, s] == (100 if through_user else 100 + node)  # entity_ids[0] in the toy
            assert found["last_relation"][n, s] == relation[i][list(near[i]).index(node)]
            assert found["first_relation"][n, s] == relation[first][list(near[first]).index(node)]
    assert total > 20 or not model.num_paths


@every_variant
def test_a_batch_of_one_equals_its_place_in_a_batch(settings):
    model, given = rkan(**settings), batch(edges=settings.get("max_edges", 3))
    whole = np.asarray(model(given, training=True))
    one = {name: array[:1, :1] if name in ("item", "paths") else array[:1] for name, array in given.items()}
    assert_allclose(model(one, training=True), whole[:1, :1], atol=1e-5)


def test_regularisation_is_that_of_the_vectors_in_the_product():
    model, given = rkan(inner_product_in_logit=True, l2=0.5), batch()
    given["item"][0, 1] = 0
    model(given, training=True)
    node, there = value(model.node_embedding.embeddings), given["item"] > 0
    users = np.where(given["user"] > 0, given["user"] + BASE, 0)
    squares = (node[given["item"]] ** 2).sum(-1) + (node[users] ** 2).sum(-1)[:, None]
    assert float(model.losses[0]) == pytest.approx(0.5 * squares[there].mean(), rel=1e-5)


def test_starts_from_vectors_of_the_graph():
    model = rkan()
    entity = np.random.default_rng(0).normal(size=(100 + BASE + 1, D)).astype(np.float32)
    before = value(model.node_embedding.embeddings)
    model.start_from(PretrainedEmbeddings(entity=entity))
    after = value(model.node_embedding.embeddings)
    assert_allclose(after[: BASE + 1], entity[100:], atol=1e-6)
    assert_array_equal(after[BASE + 1 :], before[BASE + 1 :])
    with pytest.raises(InputError, match=f"pretraining.dim: expected {D}, as model.dim is, found vectors of 2"):
        model.start_from(PretrainedEmbeddings(entity=entity[:, :2]))
    with pytest.raises(InputError, match="pretraining.knowledge: expected a method, since rkan reads entity"):
        model.start_from(PretrainedEmbeddings(item=entity))


def test_score_is_checked():
    with pytest.raises(ValueError, match="score"):
        rkan(score="cosine")
