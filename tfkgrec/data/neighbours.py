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
    of_item = graph.head <= num_items
    head, relation, tail = graph.head[of_item], graph.relation[of_item], graph.tail[of_item]
    order = np.lexsort((rng.random(len(head)), head))
    head, relation, tail = head[order], relation[order], tail[order]
    place = np.arange(len(head)) - np.searchsorted(head, head)  # 0, 1, 2, ... within each head
    kept = place < k
    head, relation, tail, place = head[kept], relation[kept], tail[kept], place[kept]

    others = np.unique(tail[tail > num_items])
    entity_ids = np.concatenate([np.arange(num_items + 1), others]).astype(np.int32)
    compact = np.searchsorted(entity_ids, tail).astype(np.int32)
    table = np.zeros((2, num_items + 1, k), np.int32)
    table[0, head, place], table[1, head, place] = compact, relation
    return Neighbours(table[0], table[1], entity_ids, graph.num_relations)
