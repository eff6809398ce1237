"""Relations that become slots of KSR's memory."""

import numpy as np
import pytest

from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.models.ksr.memory_keys import relation_slots

# Items 1..3; 4.. are other entities. Relation 2 has three triples of items, 1 has two and one of no item, 3 has one.
TRIPLES = [(1, 2, 5), (2, 2, 5), (3, 2, 4), (1, 1, 6), (1, 1, 7), (4, 1, 6), (3, 3, 6)]


def graph(triples=TRIPLES) -> KnowledgeGraph:
    head, relation, tail = np.array(triples, np.int32).T
    return KnowledgeGraph(head, relation, tail, 8, 4)


def test_by_hand():
    slots = relation_slots(graph(), 3, min_triples=2, max_values=5)
    assert slots.relation.tolist() == [2, 1]  # the commonest first
    assert slots.items.tolist() == [[0, 0], [1, 1], [1, 0], [1, 0]]
    assert slots.values.tolist() == [[5, 4], [6, 7]]  # 5 is the value of two items


def test_few_triples_and_many_values_are_cut():
    assert relation_slots(graph(), 3, min_triples=3, max_values=1).relation.tolist() == [2]
    assert relation_slots(graph(), 3, min_triples=1, max_values=1).values.tolist() == [[5], [6], [6]]


def test_no_relation_left_is_the_users_mistake():
    with pytest.raises(
        InputError, match="model.min_relation_triples: expected a relation with 9 triples of items, found 3 at"
    ):
        relation_slots(graph(), 3, min_triples=9, max_values=5)
    with pytest.raises(InputError, match="found 0 at most"):
        relation_slots(graph([(5, 1, 1)]), 3, min_triples=1, max_values=5)
