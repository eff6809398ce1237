"""Which relations of the graph become slots of KSR's memory, which items have them, and what they lead to."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.errors import InputError


@dataclass(frozen=True)
class Slots:
    """The attributes of items.

    Attributes:
        relation: int32 [A], relations that enough triples of items have, the commonest first.
        items: int32 [num_items + 1, A], 1 where an item has the relation.
        values: int32 [A, P], the entities it leads to, those of most items first; 0 pads.
    """

    relation: np.ndarray
    items: np.ndarray
    values: np.ndarray


def relation_slots(graph: KnowledgeGraph, num_items: int, min_triples: int, max_values: int) -> Slots:
    """Slots for the relations with at least `min_triples` triples whose head is an item.

    Args:
        max_values: P, the most value entities kept of a relation.

    Raises:
        InputError: no relation has that many.
    """
    of_items = graph.head <= num_items
    head, relation, tail = graph.head[of_items], graph.relation[of_items], graph.tail[of_items]
    count = np.bincount(relation, minlength=graph.num_relations)
    order = np.argsort(-count, kind="stable")
    kept = order[count[order] >= max(min_triples, 1)].astype(np.int32)
    if not len(kept):
        wanted = f"expected a relation with {min_triples:,} triples of items"
        raise InputError(f"model.min_relation_triples: {wanted}, found {int(count.max(initial=0)):,} at most")
    items = np.zeros((num_items + 1, len(kept)), np.int32)
    values = np.zeros((len(kept), max_values), np.int32)
    for slot, one in enumerate(kept):
        mine = relation == one
        items[head[mine], slot] = 1
        entity, times = np.unique(tail[mine], return_counts=True)
        best = entity[np.argsort(-times, kind="stable")[:max_values]]
        values[slot, : len(best)] = best
    width = max(int((values > 0).sum(axis=1).max()), 1)
    return Slots(kept, items, values[:, :width])
