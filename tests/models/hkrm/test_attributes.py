"""The attribute tables: every value of every item in its field, once, and nothing else."""

import dataclasses

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.models.hkrm.attributes import Attributes, collect_attributes

DATASET = small.dataset()


def collect(fields=None, max_fields: int = 12, max_values: int = 8, seed: int = 0, dataset=DATASET) -> Attributes:
    return collect_attributes(dataset, fields, max_fields, max_values, np.random.default_rng(seed))


def tiny(names=("", "genre", "author", "born in")):
    """Items 1, 2, 3; entities 4 to 9. Item 1 has two genres and an author, item 2 a genre, item 3 nothing."""
    graph = KnowledgeGraph(
        head=np.array([1, 4, 1, 2, 1], np.int32),
        relation=np.array([1, 3, 2, 1, 1], np.int32),
        tail=np.array([8, 9, 2, 6, 4], np.int32),
        num_entities=10,
        num_relations=4,
    )
    items = dataclasses.replace(DATASET.items, raw=DATASET.items.raw[:4])
    relations = dataclasses.replace(DATASET.relations, raw=np.array(["", "r/1", "r/2", "r/3"], object))
    return dataclasses.replace(
        DATASET, graph=graph, items=items, relations=relations, relation_names=np.array(names, object)
    )


def values(found: Attributes) -> dict[tuple[int, int], set[int]]:
    """(item, relation) -> its values as the dataset numbers them."""
    table: dict[tuple[int, int], set[int]] = {}
    for slot, entity in zip(found.value_slot, found.value_entity, strict=True):
        place = int(found.slot_item[slot]), int(found.field_relation[found.slot_field[slot]])
        table.setdefault(place, set()).add(int(found.entity_ids[entity]))
    return table


def test_by_hand():
    found = collect(dataset=tiny())
    assert found.field_relation.tolist() == [1, 2]  # two items have a genre, one an author; nobody was born
    assert found.entity_ids.tolist() == [0, 1, 2, 3, 4, 6, 8]  # items keep their ids, then what is reachable
    assert found.item_slot.tolist() == [[0, 0], [1, 2], [3, 0], [0, 0]]
    assert found.slot_item.tolist() == [0, 1, 1, 2]
    assert found.slot_field.tolist() == [0, 0, 1, 0]
    assert found.value_slot.tolist() == [1, 1, 2, 3]
    assert sorted(found.value_entity[:2].tolist()) == [4, 6]  # entities 4 and 8
    assert found.value_entity[2:].tolist() == [2, 5]  # item 2, entity 6
    assert found.max_values == 2


@pytest.mark.parametrize("fields", [["author"], ["r/2"]])
def test_fields_may_be_named_or_given_by_raw_id(fields):
    found = collect(fields, dataset=tiny())
    assert values(found) == {(1, 2): {2}}
    assert found.entity_ids.tolist() == [0, 1, 2, 3]  # genres are out of reach
    assert found.item_slot.tolist() == [[0], [1], [0], [0]]


def test_fields_come_in_the_order_asked_for():
    assert collect(["author", "genre"], dataset=tiny()).field_relation.tolist() == [2, 1]
    assert collect(max_fields=1, dataset=tiny()).field_relation.tolist() == [1]


@pytest.mark.parametrize("name", ["born in", "publisher"])
def test_a_relation_that_no_item_has_is_refused_by_name(name):
    expected = rf"model.fields: expected relations that items of small have \(genre, author\), found '{name}'"
    with pytest.raises(InputError, match=expected):
        collect(["genre", name], dataset=tiny())


def test_a_name_of_two_relations_is_refused():
    with pytest.raises(InputError, match="expected one relation for 'genre', found several: r/1, r/2"):
        collect(["genre"], dataset=tiny(("", "genre", "genre", "")))


def test_a_graph_without_item_heads_is_refused():
    graph = KnowledgeGraph(np.array([4]), np.array([1]), np.array([1]), 10, 4)
    with pytest.raises(InputError, match="expected triples whose head is an item, found none; data.inverse_relations"):
        collect(dataset=dataclasses.replace(tiny(), graph=graph))


def test_every_triple_of_an_item_is_there_once():
    graph, n = DATASET.graph, DATASET.num_items
    own: dict[tuple[int, int], set[int]] = {}
    for h, r, t in zip(graph.head.tolist(), graph.relation.tolist(), graph.tail.tolist(), strict=True):
        if h <= n:
            own.setdefault((h, r), set()).add(t)
    found = collect()
    assert values(found) == own
    assert len(found.value_slot) == sum(len(v) for v in own.values())
    assert found.max_values == max(len(v) for v in own.values())
    assert np.all(np.diff(found.value_slot) >= 0)
    for slot in range(1, len(found.slot_item)):
        assert found.item_slot[found.slot_item[slot], found.slot_field[slot]] == slot
    assert np.count_nonzero(found.item_slot) == len(found.slot_item) - 1
    assert all(getattr(found, f.name).dtype == np.int32 for f in dataclasses.fields(found) if f.name != "max_values")


def test_no_vector_that_cannot_be_reached():
    found = collect(max_fields=1)
    others = found.entity_ids[DATASET.items.size :]
    assert set(others.tolist()) <= {int(found.entity_ids[e]) for e in found.value_entity}


def test_more_values_than_the_limit_are_sampled():
    whole, few = values(collect()), values(collect(max_values=1))
    assert all(len(v) == 1 and v <= whole[k] for k, v in few.items())
    assert few.keys() == whole.keys()
    assert few == values(collect(max_values=1))
    assert few != values(collect(max_values=1, seed=1))
    drawn = [next(iter(values(collect(["genre"], max_values=1, seed=s, dataset=tiny()))[1, 1])) for s in range(400)]
    assert sorted(set(drawn)) == [4, 8]
    assert abs(drawn.count(4) - 200) < 50  # five standard deviations
