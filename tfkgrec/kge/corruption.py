"""False triples for the margin ranking loss: a true one with its head or its tail replaced."""

import numpy as np

from tfkgrec.data.pair_keys import is_among, pair_keys
from tfkgrec.data.records import KnowledgeGraph

_ROUNDS = 20


class Corruption:
    """Draws corruptions, none of which is a triple of the graph ("filtered"), for all triples at once.

    Args:
        graph: the triples that count as true. Held-out ones should not be among them: who never draws them as false
            already knows them.
        how: "uniform" replaces head or tail with the same probability; "bernoulli" replaces the head of relation r with
            probability tph / (tph + hpt) (tails per head, heads per tail; TransH, section 3.2), so that fewer of the
            false triples are unknown true ones.
    """

    def __init__(self, graph: KnowledgeGraph, how: str = "uniform") -> None:
        self.num_entities, self.num_relations = graph.num_entities, graph.num_relations
        self.known = np.unique(self._keys(graph.head, graph.relation, graph.tail))
        self.head_probability = np.full(graph.num_relations, 0.5)
        if how == "bernoulli":
            self.head_probability = _head_probability(graph)

    def draw(
        self, head: np.ndarray, relation: np.ndarray, tail: np.ndarray, negatives: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Replacements of n triples.

        Returns:
            other int32 [n, N], the entity put in; at_head bool [n, N], whether it replaces the head; ok bool [n, N],
            False where every entity on either side makes a true triple, so that there is nothing to draw.
        """
        head, relation, tail = (np.repeat(ids, negatives) for ids in (head, relation, tail))
        at_head = rng.random(len(head)) < self.head_probability[relation]
        other = np.zeros(len(head), np.int64)
        left = np.arange(len(head))
        for _ in range(_ROUNDS):
            other[left] = rng.integers(1, self.num_entities, len(left))
            h, r, t = head[left], relation[left], tail[left]
            left = left[
                self._is_known(np.where(at_head[left], other[left], h), r, np.where(at_head[left], t, other[left]))
            ]
            if not len(left):
                break
        ok = np.ones(len(head), bool)
        for slot in left:  # a side that is (nearly) full: from what is left of it, else from the other side
            for _ in range(2):
                free = self._free(head[slot], relation[slot], tail[slot], at_head[slot])
                if len(free):
                    other[slot] = rng.choice(free)
                    break
                at_head[slot] = not at_head[slot]
            else:
                ok[slot] = False
        shape = (-1, negatives)
        return other.astype(np.int32).reshape(shape), at_head.reshape(shape), ok.reshape(shape)

    def _free(self, head: int, relation: int, tail: int, at_head: bool) -> np.ndarray:
        """All entities that make a false triple on one side."""
        entity = np.arange(1, self.num_entities)
        same = np.full(len(entity), tail if at_head else head)
        relations = np.full(len(entity), relation)
        known = self._is_known(entity, relations, same) if at_head else self._is_known(same, relations, entity)
        free: np.ndarray = entity[~known]
        return free

    def _keys(self, head: np.ndarray, relation: np.ndarray, tail: np.ndarray) -> np.ndarray:
        """One int64 per triple."""
        return pair_keys(pair_keys(head, relation, self.num_relations), tail, self.num_entities)

    def _is_known(self, head: np.ndarray, relation: np.ndarray, tail: np.ndarray) -> np.ndarray:
        return is_among(self._keys(head, relation, tail), self.known)


def _head_probability(graph: KnowledgeGraph) -> np.ndarray:
    """tph / (tph + hpt) per relation, 0.5 for a relation without triples."""
    counts = np.bincount(graph.relation, minlength=graph.num_relations)
    relation = graph.relation.astype(np.int64)
    heads, tails = (
        np.bincount(np.unique(relation * graph.num_entities + side) // graph.num_entities, minlength=len(counts))
        for side in (graph.head, graph.tail)
    )
    tails_per_head, heads_per_tail = counts / np.maximum(heads, 1), counts / np.maximum(tails, 1)
    total = tails_per_head + heads_per_tail
    return np.where(counts > 0, tails_per_head / np.maximum(total, 1e-12), 0.5)
