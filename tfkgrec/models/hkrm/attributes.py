"""Items as sets of attribute values per field: static tables of the knowledge graph that live in the model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.layers.distinct import fullest


@dataclass(frozen=True)
class Attributes:
    """What items have, field by field. A field is a relation that items head; a slot is a field that an item has.

    Most items have few of the fields, and most fields one value, so only what exists is stored: a value per row, the
    values of a slot side by side. Slot 0 is none, field numbers count from 0.

    Attributes:
        field_relation: int32 [A], the dataset's relation of every field.
        item_slot: int32 [items + 1, A], slot of an item in a field, 0 where it has no value.
        slot_item, slot_field: int32 [S + 1], whose slot it is and in which field; row 0 is empty.
        value_slot, value_entity: int32 [N], sorted by slot. Entities are compact: items keep their ids, of the others
            only those in the table are numbered, so that a model allocates no vector that it can never reach.
        entity_ids: int32 [compact entities], compact id -> the dataset's entity id; for the names in explanations.
        max_values: the most values of a slot.
    """

    field_relation: np.ndarray
    item_slot: np.ndarray
    slot_item: np.ndarray
    slot_field: np.ndarray
    value_slot: np.ndarray
    value_entity: np.ndarray
    entity_ids: np.ndarray
    max_values: int


def collect_attributes(
    dataset: Dataset, fields: Sequence[str] | None, max_fields: int, max_values: int, rng: np.random.Generator
) -> Attributes:
    """The attribute values of all items.

    Args:
        fields: relations, by raw id or by name; None takes the `max_fields` that most items have.
        max_values: a slot with more values keeps that many, drawn without replacement.

    Raises:
        InputError: a name of `fields` is no relation that an item has, or stands for several; or no item has any.
    """
    dataset.check_item_heads()
    n = dataset.num_items
    values = attribute_values(dataset, fields, max_fields, max_values, rng, 0, n + 1)
    return tables(*values, n)


def attribute_values(
    dataset: Dataset,
    fields: Sequence[str] | None,
    max_fields: int,
    max_values: int,
    rng: np.random.Generator,
    first: int,
    last: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the items from `first` to before `last` have: the relation of every field; and of every value, sorted by it,
    item * fields + field, int64 [n], and the value, int32 [n], an entity of the dataset.

    They are those that the items have when all are drawn; arguments as of `collect_attributes`.
    """
    graph, n = dataset.graph, dataset.num_items
    of_item = graph.head <= n
    head, relation, tail = graph.head[of_item], graph.relation[of_item], graph.tail[of_item]
    pairs = np.unique(np.stack([relation, head]), axis=1)  # which items have which relation
    coverage = np.bincount(pairs[0], minlength=graph.num_relations)
    ranked = np.argsort(-coverage, kind="stable")[: np.count_nonzero(coverage)]
    chosen = ranked[:max_fields] if fields is None else [_relation(name, dataset, ranked) for name in fields]
    field_relation = np.array(list(dict.fromkeys(int(r) for r in chosen)), np.int32)

    return field_relation, *_values(head, relation, tail, field_relation, max_values, rng, first, last)


def slots_of(
    head: np.ndarray,
    relation: np.ndarray,
    tail: np.ndarray,
    field_relation: np.ndarray,
    max_values: int,
    num_items: int,
    rng: np.random.Generator,
) -> Attributes:
    """The values in fields `field_relation` that triples of items [n] tell, up to `max_values` of a slot."""
    values = _values(head, relation, tail, field_relation, max_values, rng, 0, num_items + 1)
    return tables(field_relation, *values, num_items)


def _values(
    head: np.ndarray,
    relation: np.ndarray,
    tail: np.ndarray,
    field_relation: np.ndarray,
    max_values: int,
    rng: np.random.Generator,
    first: int,
    last: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Keys and values of the items from `first` to before `last`, as `attribute_values` gives them."""
    field_of = np.full(max(relation.max(initial=0), field_relation.max(initial=0)) + 1, -1)
    field_of[field_relation] = np.arange(len(field_relation))
    kept = field_of[relation] >= 0
    key, tail = head[kept].astype(np.int64) * len(field_relation) + field_of[relation[kept]], tail[kept]
    draw, width = rng.random(len(key)), len(field_relation)
    mine = (key >= first * width) & (key < last * width)
    draw, key, tail = draw[mine], key[mine], tail[mine]
    order = np.lexsort((draw, key))
    key, tail = key[order], tail[order]
    kept = np.arange(len(key)) - np.searchsorted(key, key) < max_values
    return key[kept], tail[kept]


def tables(field_relation: np.ndarray, key: np.ndarray, tail: np.ndarray, num_items: int) -> Attributes:
    """Attributes of the values `tail`, each of the slot item * A + field that `key` says, sorted by it."""
    n = num_items
    slots, value_slot, counts = np.unique(key, return_inverse=True, return_counts=True)
    slot_item, slot_field = (
        np.concatenate([[0], part]).astype(np.int32) for part in divmod(slots, len(field_relation))
    )
    item_slot = np.zeros((n + 1, len(field_relation)), np.int32)
    item_slot[slot_item[1:], slot_field[1:]] = np.arange(1, len(slots) + 1)
    entity_ids = np.concatenate([np.arange(n + 1), np.unique(tail[tail > n])]).astype(np.int32)
    value_entity = np.searchsorted(entity_ids, tail).astype(np.int32)
    return Attributes(
        field_relation,
        item_slot,
        slot_item,
        slot_field,
        (value_slot + 1).astype(np.int32),
        value_entity,
        entity_ids,
        int(counts.max(initial=0)),
    )


def _relation(name: str, dataset: Dataset, ranked: np.ndarray) -> int:
    """The relation that `name` stands for, among those that items have."""
    raw, names = dataset.relations.raw, dataset.relation_names
    matches = [r for r in ranked if raw[r] == name] or [r for r in ranked if names[r] == name]
    if len(matches) == 1:
        return int(matches[0])
    if matches:
        several = ", ".join(str(raw[r]) for r in matches)
        raise InputError(f"model.fields: expected one relation for {name!r}, found several: {several}")
    known = ", ".join(str(names[r] or raw[r]) for r in ranked)
    raise InputError(f"model.fields: expected relations that items of {dataset.name} have ({known}), found {name!r}")


def values_of_fullest(slot_item: np.ndarray, value_slot: np.ndarray) -> list[int]:
    """How many values the 1, 2, 4, ... items have that have most, of the tables of these names."""
    return fullest(np.bincount(slot_item[value_slot]).tolist())
