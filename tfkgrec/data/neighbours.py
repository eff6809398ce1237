"""K knowledge-graph neighbours for every item: static tables that live in the model."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.records import KnowledgeGraph


@dataclass(frozen=True)
class Neighbours:
    """One hop around every item.

    Attributes:
        entity, relation: int32 [items + 1, K]; entity 0 pads, row 0 (unknown item) is empty. Entities are compact:
            items keep their ids, of the others only those in the table are numbered, so that a model allocates no
            vector that it can never reach.
        entity_ids: int32 [compact entities], compact id -> the dataset's entity id; for the names in explanations.
        num_relations: rows of a relation table, row 0 included.
    """

    entity: np.ndarray
    relation: np.ndarray
    entity_ids: np.ndarray
    num_relations: int


def sample_neighbours(graph: KnowledgeGraph, num_items: int, k: int, rng: np.random.Generator) -> Neighbours:
    """Draw up to `k` neighbours without replacement for every item, from the triples it heads.

    Graphs read with `inverse_relations` hold the triples it is the tail of as well.
    """
    return compacted(neighbour_rows(graph, num_items, k, rng, 0, num_items + 1), graph.num_relations)


def neighbour_rows(
    graph: KnowledgeGraph, num_items: int, k: int, rng: np.random.Generator, first: int, last: int
) -> np.ndarray:
    """Entity and relation of the neighbours of the items from `first` to before `last`: int32 [2, last - first, k].

    They are those that the items have when all are drawn; entities are the dataset's.
    """
    of_item = graph.head <= num_items
    draw = rng.random(int(of_item.sum()))
    mine = (graph.head >= first) & (graph.head < last)
    draw = draw[mine[of_item]]
    head, relation, tail = graph.head[mine], graph.relation[mine], graph.tail[mine]
    order = np.lexsort((draw, head))
    head, relation, tail = head[order], relation[order], tail[order]
    place = np.arange(len(head)) - np.searchsorted(head, head)  # 0, 1, 2, ... within each head
    kept = place < k
    head, relation, tail, place = head[kept], relation[kept], tail[kept], place[kept]
    table = np.zeros((2, last - first, k), np.int32)
    table[0, head - first, place], table[1, head - first, place] = tail, relation
    return table


def compacted(table: np.ndarray, num_relations: int) -> Neighbours:
    """The rows of all items, int32 [2, items + 1, k], as a model carries them."""
    entity, num_items = table[0], table.shape[1] - 1
    others = np.unique(entity[entity > num_items])
    entity_ids = np.concatenate([np.arange(num_items + 1), others]).astype(np.int32)
    return Neighbours(np.searchsorted(entity_ids, entity).astype(np.int32), table[1], entity_ids, num_relations)
