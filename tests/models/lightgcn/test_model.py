"""z = mean of the layers, logit = <z_u, z_i> + b_i + b, against loops over edges."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from tests.models.lightgcn.small import EMPTY, FACTS, ITEMS, LIKES, NAMED_FEW, USERS, lightgcn, slow_logits
from tfkgrec.models.lightgcn import model as module

USER = np.arange(USERS, dtype=np.int32)
ITEM = np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))
SAME = 1e-5


@pytest.mark.parametrize("settings", [{}, {"num_layers": 1}, {"fact_weight": 0.3, "item_bias": False}])
def test_logits_equal_the_equations(settings):
    model = lightgcn(**settings)
    assert_allclose(model({"user": USER, "item": ITEM}), slow_logits(model, USER, ITEM), atol=SAME)


def test_without_facts_it_is_the_papers_graph():
    model = lightgcn(facts=())
    assert_allclose(model({"user": USER, "item": ITEM}), slow_logits(model, USER, ITEM, facts=()), atol=SAME)


def test_compiled_it_is_the_same():
    model = lightgcn()
    compiled = tf.function(model.item_tables, jit_compile=True)()
    for found, expected in zip(compiled, model.item_tables(), strict=True):
        assert_allclose(found, expected, atol=SAME)


def test_a_history_brings_what_its_items_bring_to_a_user():
    """z of a user with the vector e and the items H, the graph as it is: e / (L + 1) + |H|^-1/2 sum m_i."""
    model = lightgcn()
    tables = model.item_tables()
    history = np.array([[1, 2, 4], [6, 0, 0], [0, 0, 0]], np.int32)
    found = np.asarray(model.user_state(np.zeros(3, np.int32), history).vector)
    message, vector = np.asarray(tables.message), np.asarray(tables.user_vector)
    own = np.asarray(model.user_embedding.embeddings)[1:EMPTY].mean(axis=0) / (model.num_layers + 1)
    assert_allclose(found[0], own + message[[1, 2, 4]].sum(axis=0) / np.sqrt(3), atol=SAME)
    assert_allclose(found[1], own + message[6], atol=SAME)
    assert_allclose(found[2], vector[0], atol=SAME)  # who told nothing is a stranger
    # user 1 likes the same three, and is made of them in the same way
    own = np.asarray(model.user_embedding.embeddings)[1] / (model.num_layers + 1)
    assert_allclose(vector[1], own + message[[1, 2, 4]].sum(axis=0) / np.sqrt(3), atol=SAME)


def test_whom_nothing_is_known_of_gets_the_mean_of_all_logits():
    logits = np.asarray(lightgcn()({"user": USER, "item": ITEM}))
    assert_allclose(logits[0], logits[1:EMPTY].mean(axis=0), atol=SAME)
    assert_allclose(logits[EMPTY], logits[0], atol=SAME)


@pytest.mark.parametrize("named", [10, NAMED_FEW])
def test_the_parts_of_an_explanation_sum_to_the_logit(named, monkeypatch):
    monkeypatch.setattr(module, "NAMED_ITEMS", named)
    model = lightgcn()
    user, item = np.repeat(USER, ITEMS), ITEM.ravel()
    why = model.explain(user, item)
    total = why.user_part + why.item_part + why.other_liked_part + why.itself_part + tf.reduce_sum(why.liked_part, 1)
    assert_allclose(total, why.logit, atol=SAME)
    assert_allclose(why.logit, np.asarray(model({"user": USER, "item": ITEM})).ravel(), atol=SAME)
    tables, liked = model.item_tables(), {u: {i for v, i in LIKES if v == u} for u in USER}
    message, z = np.asarray(tables.message), np.asarray(tables.item_vector)
    own = np.asarray(model.user_embedding.embeddings) / (model.num_layers + 1)
    for row, (u, i) in enumerate(zip(user, item, strict=True)):
        brought = {j: message[j] @ z[i] / np.sqrt(len(liked[u])) for j in liked[u]}
        assert float(why.itself_part[row]) == pytest.approx(brought.pop(i, 0.0), abs=SAME)
        heaviest = sorted(brought, key=lambda j: -abs(brought[j]))[:named]
        assert [j for j in why.liked_item[row].numpy() if j] == heaviest
        assert_allclose(why.liked_part[row][: len(heaviest)], [brought[j] for j in heaviest], atol=SAME)
        assert float(why.other_liked_part[row]) == pytest.approx(
            sum(brought[j] for j in brought if j not in heaviest), abs=SAME
        )
        if liked[u]:
            assert float(why.user_part[row]) == pytest.approx(own[u] @ z[i], abs=SAME)


def test_regularisation_counts_real_pairs_only():
    model = lightgcn(l2=0.5)
    user, item = np.array([1, 2], np.int32), np.array([[3, 4], [5, 0]], np.int32)
    model({"user": user, "item": item}, training=True)
    u, i = (np.asarray(table) for table in model.item_tables()[:2])
    total = sum(np.sum(u[a] ** 2) + np.sum(i[b] ** 2) for a, b in ((1, 3), (1, 4), (2, 5)))
    assert float(model.losses[0]) == pytest.approx(0.5 * total / 3, rel=1e-5)


def test_entities_of_facts_are_trained_and_others_do_not_exist():
    model = lightgcn()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model({"user": USER, "item": ITEM}))
    moved = np.abs(tf.convert_to_tensor(tape.gradient(total, model.entity_embedding.embeddings))).max(axis=1)
    assert (moved[1:] > 1e-4).all()
    assert {e for _, e in FACTS} >= set(range(ITEMS, len(moved)))
