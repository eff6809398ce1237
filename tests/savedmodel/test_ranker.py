"""The best of the catalogue in blocks equal the best of all logits at once, of models with a product and without."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from tests.cases.small_models import small_model
from tfkgrec.savedmodel import ranker
from tfkgrec.savedmodel.ranker import Ranker

K = 7


def obvious(logit: np.ndarray, taken: list[list[int]], allowed: np.ndarray) -> list[list[int]]:
    """Item by item, for logits [users, items], item 1 first."""
    found = []
    for scores, own, may in zip(logit, taken, allowed, strict=True):
        left = [n for n in range(1, len(scores) + 1) if n not in own and may[n]]
        found.append(sorted(left, key=lambda n: -scores[n - 1])[:K])
    return found


@pytest.mark.parametrize("name", ["mf", "hkrm", "dink"])
def test_blocks_equal_all_at_once(name, monkeypatch):
    monkeypatch.setattr(ranker, "ITEMS_SCORED", 5)
    monkeypatch.setattr(ranker, "ITEMS_MULTIPLIED", 5)
    monkeypatch.setattr(ranker, "USERS_MULTIPLIED", 2)
    small = small_model(name)
    model, tables = small.model, small.model.item_tables()
    factors = model.item_factors(tables)
    found = Ranker(model, K, None if factors is None else np.asarray(factors))
    assert found.items.shape[0] > 2
    users = np.asarray(small.users)[:5]
    rng, rows = np.random.default_rng(0), model.num_items
    known = [small.protocol.splits.train_history.of(user).tolist() for user in users]  # a product holds beside these
    taken = [[*own, *rng.integers(0, rows, 3).tolist()] for own in known]
    allowed = rng.random((len(users), rows)) < 0.6
    allowed[0] = False
    allowed[0, [2, 5]] = True
    items = np.tile(np.arange(1, rows, dtype=np.int32), (len(users), 1))
    logit = np.asarray(model.score_items(model.user_state(users, tables=tables), items))
    ragged, may = tf.ragged.constant(taken, tf.int32), tf.constant(allowed)

    def best(own):
        return found.best(model.user_state(own[0], tables=tables), own[1], own[2])

    def told(answer) -> None:
        wanted = obvious(logit, taken, allowed)
        for n, row in enumerate(wanted):
            assert_array_equal(answer.item[n, : len(row)], row)
            assert_allclose(answer.logit[n, : len(row)], logit[n][np.array(row) - 1], atol=1e-4)
            assert np.isneginf(answer.logit[n, len(row) :]).all()
        assert len(wanted[0]) < K

    @tf.function(autograph=False)
    def ranked(own, ragged, may):
        return found.in_blocks(best, (own, ragged, may))

    told(ranked(tf.constant(users), ragged, may))
    assert ranked(tf.constant(users[:0]), ragged[:0], may[:0]).item.shape == (0, K)


def test_most_like_are_the_cosines(monkeypatch):
    monkeypatch.setattr(ranker, "ITEMS_MULTIPLIED", 4)
    model = small_model("mf").model
    factors = np.asarray(model.item_factors())
    vector = factors[:, :-1] / np.maximum(np.linalg.norm(factors[:, :-1], axis=1, keepdims=True), 1e-6)
    best = Ranker(model, K, factors).most_like(tf.constant([3, 0]))
    cosine = vector @ vector[3]
    cosine[[0, 3]] = -np.inf
    assert_array_equal(best.item[0], np.argsort(-cosine)[:K])
    assert_allclose(best.logit[0], np.sort(cosine)[::-1][:K], atol=1e-5)
    assert np.isneginf(best.logit[1]).all()
