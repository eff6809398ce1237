"""Ripple sets: chains that start at their item, no entity twice, nothing of one item in another's."""

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.models.ekpnet.ripple_sets import sample_ripples

# Items 1, 2, 3; entities 4 to 8. 1 -> 4 and 5; 4 -> 1, 2, 6; 5 -> 6; 6 -> 1, 7; item 2 -> 4 twice; item 3 has none;
# 8 -> 8 starts at no item.
TRIPLES = [(1, 1, 4), (1, 2, 5), (4, 3, 1), (4, 3, 2), (4, 1, 6), (5, 1, 6), (6, 2, 1), (6, 2, 7), (2, 1, 4), (2, 2, 4)]
COLUMNS = np.array([*TRIPLES, (8, 1, 8)], np.int32).T
GRAPH = KnowledgeGraph(*COLUMNS, num_entities=9, num_relations=4)


def ripples(graph=GRAPH, num_items=3, hops=3, n=6, seed=0):
    return sample_ripples(graph, num_items, hops, n, np.random.default_rng(seed))


def triples(found, item: int, hop: int) -> list[tuple[int, int, int]]:
    """As the data set numbers them."""
    head, relation, tail = found.triples[item, hop]
    ids = found.entity_ids
    return [(int(ids[h]), int(r), int(ids[t])) for h, r, t in zip(head, relation, tail, strict=True) if t]


def test_by_hand():
    found = ripples()
    assert found.triples.shape == (4, 3, 3, 6)
    assert found.triples.dtype == found.entity_ids.dtype == np.int32
    assert found.num_relations == 4
    # hop 1 of item 1; hop 2 from 4 and 5 without the way back to 1; hop 3 from 2 and 6, to what was not met before
    assert sorted(triples(found, 1, 0)) == [(1, 1, 4), (1, 2, 5)]
    assert sorted(triples(found, 1, 1)) == [(4, 1, 6), (4, 3, 2), (5, 1, 6)]
    assert sorted(triples(found, 1, 2)) == [(6, 2, 7)]
    # 4 is the tail of two triples of item 2, yet its own triples are there once
    assert sorted(triples(found, 2, 0)) == [(2, 1, 4), (2, 2, 4)]
    assert sorted(triples(found, 2, 1)) == [(4, 1, 6), (4, 3, 1)]
    assert sorted(triples(found, 2, 2)) == [(1, 2, 5), (6, 2, 7)]
    assert not found.triples[[0, 3]].any()
    assert found.entity_ids.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]  # nothing leads to 8


@pytest.mark.parametrize("n", [1, 2, 8])
def test_fast_equals_obvious(n):
    """Every rule of eqs 3-5, checked triple by triple on a graph with inverse edges."""
    dataset = small.dataset()
    graph = dataset.graph
    both = KnowledgeGraph(
        np.concatenate([graph.head, graph.tail]),
        np.concatenate([graph.relation, graph.relation + 4]),
        np.concatenate([graph.tail, graph.head]),
        graph.num_entities,
        graph.num_relations + 4,
    )
    known = set(zip(both.head.tolist(), both.relation.tolist(), both.tail.tolist(), strict=True))
    found = ripples(both, dataset.num_items, 3, n)
    later = 0
    for item in range(1, dataset.num_items + 1):
        heads, met = {item}, {item}
        for hop in range(3):
            own = triples(found, item, hop)
            allowed = {t for t in known if t[0] in heads and t[2] not in met}
            assert set(own) <= allowed
            assert len(own) == len(set(own)) <= n
            if hop == 0:
                assert len(own) == min(n, len(allowed))
            real = found.triples[item, hop, 2] > 0
            assert not found.triples[item, hop][:, ~real].any()
            heads = {t[2] for t in own}
            met |= heads
            later += len(own) if hop else 0
    assert later > 50


def test_an_item_far_away_changes_nothing():
    """A triple has one seed: what another item leads to is no reason to lose it."""
    lone = KnowledgeGraph(*COLUMNS[:, :8], num_entities=9, num_relations=4)  # without item 2's own
    for hop in range(3):
        assert sorted(triples(ripples(), 1, hop)) == sorted(triples(ripples(lone), 1, hop))


def test_a_hub_does_not_crowd_out_the_rest():
    """Tails 2 and 3 of item 1: 2 leads to a thousand entities, 3 to two. Of four triples of hop 2 both have two."""
    far = np.arange(4, 1006)
    head = np.concatenate([[1, 1], np.full(1000, 2), [3, 3]])
    tail = np.concatenate([[2, 3], far[:1000], far[1000:]])
    graph = KnowledgeGraph(head, np.ones(len(head), int), tail, 1006, 2)
    for seed in range(10):
        found = ripples(graph, 1, 2, 4, seed)
        assert sorted(h for h, _, _ in triples(found, 1, 1)) == [2, 2, 3, 3]


def test_every_triple_has_the_same_chance():
    tails = [triples(ripples(hops=1, n=1, seed=seed), 1, 0)[0][2] for seed in range(400)]
    assert abs(tails.count(4) - 200) < 50  # five standard deviations


def test_one_seed_one_table():
    assert np.array_equal(ripples(n=1).triples, ripples(n=1).triples)
    assert any(not np.array_equal(ripples(n=1).triples, ripples(n=1, seed=seed).triples) for seed in range(1, 9))


def test_a_graph_without_item_triples():
    none = np.zeros(0, np.int32)
    for graph in (KnowledgeGraph(*COLUMNS[:, -1:], 9, 4), KnowledgeGraph(none, none, none, 9, 4)):
        found = ripples(graph)
        assert not found.triples.any()
        assert found.entity_ids.tolist() == [0, 1, 2, 3]
