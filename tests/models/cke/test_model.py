"""logit = <u, eta + v> + b; TransR's loss of the batch's items, against loops."""

import numpy as np
import pytest

from tests.data import small
from tfkgrec.models.build import build_model
from tfkgrec.models.cke.model import CKE, CkeSizes
from tfkgrec.models.cke.settings import CkeSettings
from tfkgrec.protocols.ctr.split import split_ctr

USERS, ITEMS, ENTITIES, RELATIONS, D = 6, 5, 8, 3, 3
FACTS = {1: ((1, 5), (2, 6)), 2: ((1, 6),), 4: ((2, 5), (1, 7), (2, 7))}  # item -> relation, tail; 3 has none
ITEM = np.array([[1, 2], [3, 4], [4, 4], [1, 1], [0, 2]], np.int32)


def cke(**settings) -> CKE:
    facts = [fact for item in range(ITEMS) for fact in FACTS.get(item, ())]
    sizes = CkeSizes(USERS, ITEMS, ENTITIES, RELATIONS, len(facts))
    model = CKE(sizes, **{"dim": D, "fact_weight": 0.0, "l2": 0.0, "item_bias": True, **settings})
    model.build()
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(0.5 * rng.normal(size=weight.shape))
    model.set_table("fact_offsets", np.concatenate([[0], np.cumsum([len(FACTS.get(i, ())) for i in range(ITEMS)])]))
    model.set_table("fact_relation", np.array(facts)[:, 0])
    model.set_table("fact_tail", np.array(facts)[:, 1])
    return model


def vectors(model: CKE) -> tuple[np.ndarray, ...]:
    tables = (model.user_embedding, model.item_embedding, model.entity_embedding)
    return tuple(np.asarray(table.embeddings) for table in tables)


@pytest.mark.parametrize("item_bias", [True, False])
def test_logit_is_the_product_with_both_vectors(item_bias):
    model = cke(item_bias=item_bias)
    user = np.arange(1, 6, dtype=np.int32)
    found = model({"user": user, "item": ITEM})
    u, own, known = vectors(model)
    for g, m in np.ndindex(*ITEM.shape):
        i = ITEM[g, m]
        expected = u[user[g]] @ (own[i] + known[i])
        expected += np.asarray(model.item_bias.embeddings)[i, 0] if item_bias else 0
        assert float(found[g, m]) == pytest.approx(expected, abs=1e-5)


def test_facts_of_the_batch_cost_what_transr_says():
    model = cke(fact_weight=0.5)
    model({"user": np.arange(1, 6, dtype=np.int32), "item": ITEM}, training=True)
    _, _, v = vectors(model)
    r, matrix = np.asarray(model.relation_embedding.embeddings), np.asarray(model.relation_matrix.embeddings)
    drawn = {}
    for place, (g, m) in enumerate(np.ndindex(*ITEM.shape)):
        facts = FACTS.get(int(ITEM[g, m]), ())
        drawn[g, m] = facts[place % len(facts)] if facts else None

    def energy(h: int, relation: int, t: int) -> float:
        map_of = matrix[relation].reshape(D, D)
        return float(np.sum((v[h] @ map_of + r[relation] - v[t] @ map_of) ** 2))

    losses = []
    for (g, m), fact in drawn.items():
        other = drawn[(g - 1) % len(ITEM), m]
        if fact and other and fact[1] != other[1]:
            h = int(ITEM[g, m])
            losses.append(np.log1p(np.exp(energy(h, *fact) - energy(h, fact[0], other[1]))))
    assert 2 < len(losses) < 9
    assert float(model.losses[0]) == pytest.approx(0.5 * np.mean(losses), rel=1e-5)


def test_items_without_facts_cost_nothing():
    model = cke(fact_weight=0.5)
    model({"user": np.array([1], np.int32), "item": np.array([[3, 0]], np.int32)}, training=True)
    assert float(model.losses[0]) == 0


def test_it_has_the_facts_of_items():
    dataset = small.dataset()
    splits = split_ctr(dataset, 0)
    model = build_model(CkeSettings(dim=4), dataset, splits.train_history, 0)
    graph, rows = dataset.graph, dataset.items.size
    of_items = graph.head < rows
    others = np.unique(graph.tail[of_items & (graph.tail >= rows)])
    number = {**{i: i for i in range(rows)}, **{int(e): rows + n for n, e in enumerate(others)}}
    expected = {
        (h, r, number[t])
        for h, r, t in zip(*(x[of_items].tolist() for x in (graph.head, graph.relation, graph.tail)), strict=True)
    }
    offsets, relation, tail = (t.numpy() for t in (model.fact_offsets, model.fact_relation, model.fact_tail))
    head = np.repeat(np.arange(rows), np.diff(offsets))
    assert set(zip(head.tolist(), relation.tolist(), tail.tolist(), strict=True)) == expected
    assert model.num_entities == rows + len(others)
