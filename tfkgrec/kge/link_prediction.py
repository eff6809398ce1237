"""Filtered link prediction: where does the true entity stand among all, once the other true ones are left out?"""

from collections.abc import Callable

import numpy as np
from keras import ops

from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.evaluation.ranks import Ranks
from tfkgrec.kge.knowledge_model import HEAD, TAIL, KnowledgeModel

HITS_AT = (1, 3, 10)
CELLS_AT_ONCE = 1 << 24  # scores held in memory at a time, four bytes each

Score = Callable[[int, np.ndarray, str], np.ndarray]
"""(relation, known entities [B], "tail" or "head" asked) -> scores [B, num_entities], higher = more plausible."""


def link_metrics(ranks: Ranks) -> dict[str, float]:
    """`mrr` and `hits_at_1`, `_3`, `_10` of the realistic ranks, so that scores which are all equal earn a middling
    rank and not the first."""
    rank = ranks.realistic
    return {"mrr": float(np.mean(1 / rank)), **{f"hits_at_{k}": float(np.mean(rank <= k)) for k in HITS_AT}}


def model_score(model: KnowledgeModel) -> Score:
    """A model's scores; a relation's view of all entities is computed once and kept for the next call."""
    seen: dict[int, np.ndarray] = {}

    def score(relation: int, known: np.ndarray, asked: str) -> np.ndarray:
        r = np.array([relation])
        if relation not in seen:
            seen.clear()
            seen[relation] = model.project(np.arange(model.num_entities)[None], r)[0]  # [E, k]
        query = model.query(model.project(known[None], r), r, asked)[0]  # [B, k]
        return np.array(ops.convert_to_numpy(model.compare_all(query, seen[relation])))

    return score


def rank_triples(score: Score, asked: KnowledgeGraph, known: KnowledgeGraph, cells: int = CELLS_AT_ONCE) -> Ranks:
    """Rank the true tail and the true head of every triple of `asked` among all entities.

    Left out are the other entities that make a triple of `known` or of `asked`, on the asked side. Memory: a few
    matrices of `cells` numbers, whatever the graph's size.

    Returns:
        Ranks of the true tails, then of the true heads: a list for each of the 2 n questions, with one positive in it.
    """
    higher = np.zeros((2, len(asked)), np.int64)
    at_least = np.zeros((2, len(asked)), np.int64)
    step = max(1, cells // asked.num_entities)
    for side, name in enumerate((TAIL, HEAD)):
        given, wanted = (asked.head, asked.tail) if name == TAIL else (asked.tail, asked.head)
        answers = _Answers(name, known, asked)
        order = np.argsort(asked.relation, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(asked.relation[order])) + 1):
            for rows in (group[first : first + step] for first in range(0, len(group), step)):
                relation = int(asked.relation[rows[0]])
                scores = score(relation, given[rows], name)  # [B, E]
                place = np.arange(len(rows))
                own = scores[place, wanted[rows]][:, None]
                row, other = answers.of(given[rows], relation)
                scores[row, other] = -np.inf
                scores[place, wanted[rows]] = own[:, 0]
                scores[:, 0] = -np.inf
                higher[side, rows] = np.count_nonzero(scores > own, axis=1)
                at_least[side, rows] = np.count_nonzero(scores >= own, axis=1)
    return Ranks(np.arange(2 * len(asked)), higher.ravel() + 1, at_least.ravel(), 2 * len(asked))


class _Answers:
    """All true answers to (given entity, relation), on one side."""

    def __init__(self, asked: str, *graphs: KnowledgeGraph) -> None:
        self.num_relations = graphs[0].num_relations
        given, answer = ("head", "tail") if asked == TAIL else ("tail", "head")
        entity, relation, found = (
            np.concatenate([getattr(graph, part) for graph in graphs]) for part in (given, "relation", answer)
        )
        key = pair_keys(entity, relation, self.num_relations)
        order = np.argsort(key, kind="stable")
        self.key, self.found = key[order], found[order]

    def of(self, given: np.ndarray, relation: int) -> tuple[np.ndarray, np.ndarray]:
        """Row (place in `given`) and entity of every true answer."""
        key = pair_keys(given, relation, self.num_relations)
        first, last = np.searchsorted(self.key, key, "left"), np.searchsorted(self.key, key, "right")
        count = last - first
        row = np.repeat(np.arange(len(given)), count)
        within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        return row, self.found[first[row] + within]


def frequency_score(graph: KnowledgeGraph) -> Score:
    """The baseline that knows no triple, only how often an entity is the tail (the head) of a relation."""

    def score(relation: int, known: np.ndarray, asked: str) -> np.ndarray:
        side = graph.tail if asked == TAIL else graph.head
        counts = np.bincount(side[graph.relation == relation], minlength=graph.num_entities)
        return np.repeat(counts[None].astype(np.float32), len(known), axis=0)

    return score
