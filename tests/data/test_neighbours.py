"""The neighbour table: own triples only, without repeats, compact ids that lead back."""

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.neighbours import sample_neighbours
from tfkgrec.data.records import KnowledgeGraph

# items 1, 2, 3; entities 4 to 9. Item 1 has three triples (one to item 2), item 2 one, item 3 none; 4 -> 9 starts at
# no item, so 9 can never be reached, nor can 5 and 7.
GRAPH = KnowledgeGraph(
    head=np.array([1, 4, 1, 2, 1], np.int32),
    relation=np.array([1, 2, 2, 1, 1], np.int32),
    tail=np.array([8, 9, 2, 6, 4], np.int32),
    num_entities=10,
    num_relations=3,
)


def test_by_hand():
    near = sample_neighbours(GRAPH, 3, 4, np.random.default_rng(0))
    assert near.entity_ids.tolist() == [0, 1, 2, 3, 4, 6, 8]  # items keep their ids, then what is reachable
    found = {(int(r), int(near.entity_ids[e])) for e, r in zip(near.entity[1], near.relation[1], strict=True) if e}
    assert found == {(1, 8), (2, 2), (1, 4)}
    assert near.entity[2].tolist() == [5, 0, 0, 0]  # 6 is number 5 of the compact ids
    assert near.relation[2].tolist() == [1, 0, 0, 0]
    assert not near.entity[[0, 3]].any()
    assert not near.relation[[0, 3]].any()
    assert near.num_relations == 3


@pytest.mark.parametrize("k", [1, 2, 10])
def test_neighbours_come_from_the_items_own_triples(k):
    dataset = small.dataset()
    graph, n = dataset.graph, dataset.num_items
    near = sample_neighbours(graph, n, k, np.random.default_rng(0))
    assert near.entity.shape == near.relation.shape == (n + 1, k)
    assert near.entity.dtype == near.relation.dtype == near.entity_ids.dtype == np.int32
    for item in range(n + 1):
        own = [(int(r), int(t)) for h, r, t in zip(graph.head, graph.relation, graph.tail, strict=True) if h == item]
        real = near.entity[item] > 0
        drawn = [
            (int(r), int(t))
            for r, t in zip(near.relation[item][real], near.entity_ids[near.entity[item][real]], strict=True)
        ]
        assert set(drawn) <= set(own)
        assert len(drawn) == len(set(drawn)) == min(k, len(own))
        assert (near.relation[item] > 0).tolist() == real.tolist()


def test_no_vector_that_cannot_be_reached():
    near = sample_neighbours(GRAPH, 3, 1, np.random.default_rng(0))
    others = near.entity_ids[4:]
    assert set(others.tolist()) == {int(near.entity_ids[e]) for e in near.entity.ravel() if e > 3}


def test_every_triple_has_the_same_chance():
    times = np.zeros(10)
    for seed in range(600):
        near = sample_neighbours(GRAPH, 3, 1, np.random.default_rng(seed))
        times[near.entity_ids[near.entity[1, 0]]] += 1
    # three triples, 200 times each; five standard deviations are 58
    assert (np.abs(times[[8, 2, 4]] - 200) < 58).all()


def test_one_seed_one_table():
    dataset = small.dataset()
    first, again, other = (
        sample_neighbours(dataset.graph, dataset.num_items, 2, np.random.default_rng(seed)).entity for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_graph_without_item_triples():
    graph = KnowledgeGraph(np.array([4]), np.array([1]), np.array([5]), 6, 2)
    near = sample_neighbours(graph, 3, 2, np.random.default_rng(0))
    assert not near.entity.any()
    assert near.entity_ids.tolist() == [0, 1, 2, 3]
