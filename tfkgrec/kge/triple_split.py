"""Triples kept back, so that link prediction is measured on what was not learned, and relations too rare to learn."""

import dataclasses

import numpy as np

from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import KnowledgeGraph


def hold_out(graph: KnowledgeGraph, share: float, rng: np.random.Generator) -> tuple[KnowledgeGraph, KnowledgeGraph]:
    """Part the triples at random into those to learn from and those to ask for.

    Triples between the same two entities stay together, in whatever direction and relation: an inverse or a near
    repeat of a held-out triple would give it away. Every entity and every relation that has a triple keeps one to learn
    from, so in a graph with many entities of one triple fewer than `share` can be held out, and those held out
    belong to the better connected entities.

    Returns:
        learned, held out: the second holds at most `share` of the triples.
    """
    low, high = np.minimum(graph.head, graph.tail), np.maximum(graph.head, graph.tail)
    _, pair = np.unique(pair_keys(low, high, graph.num_entities), return_inverse=True)
    order = rng.permutation(len(graph))
    kept = np.zeros(pair.max(initial=-1) + 1, bool)
    for ids in (graph.head, graph.tail, graph.relation):
        _, first = np.unique(ids[order], return_index=True)
        kept[pair[order[first]]] = True  # the first triple, in random order, of each entity and relation
    size = np.bincount(pair, minlength=len(kept))
    candidates = rng.permutation(np.flatnonzero(~kept))
    taken = candidates[np.cumsum(size[candidates]) <= share * len(graph)]
    out = np.isin(pair, taken)
    return take(graph, ~out), take(graph, out)


def common_relations(graph: KnowledgeGraph, min_triples: int) -> np.ndarray:
    """Which relations have at least `min_triples` triples, bool [relations, row 0 included]; 1 leaves none out.

    KSR's paper removes the relations of fewer than 5,000 before TransE (section 5.1).
    """
    return np.bincount(graph.relation, minlength=graph.num_relations) >= (min_triples if min_triples > 1 else 0)


def take(graph: KnowledgeGraph, index: np.ndarray) -> KnowledgeGraph:
    """The triples that an index array or a boolean mask picks."""
    return dataclasses.replace(graph, head=graph.head[index], relation=graph.relation[index], tail=graph.tail[index])
