"""What a new item starts from: what the facts that it shares with others are worth."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from tfkgrec.data.records import KnowledgeGraph

STRENGTH = 10.0
"""Of the ridge: how many items have to share a fact until half of what they have in common is put down to it."""
ROUNDS, EXACT = 100, 1e-12  # at most; squares of what may be left, as a share


class Kin(NamedTuple):
    """(item, fact) pairs, facts numbered from 0; a fact is a relation and a tail."""

    item: np.ndarray
    fact: np.ndarray
    num_facts: int

    @classmethod
    def of(cls, graph: KnowledgeGraph, num_items: int) -> "Kin":
        """Of the triples whose head is an item."""
        own = graph.head <= num_items
        pair = graph.relation[own].astype(np.int64) * graph.num_entities + graph.tail[own]
        facts, fact = np.unique(pair, return_inverse=True)
        return cls(graph.head[own], fact, len(facts))

    def fill(self, rows: np.ndarray, known: np.ndarray, new: np.ndarray) -> None:
        """Let new items start from the mean of the known ones and what their facts are worth; bool [items or more].

        A known row is, as near as may be, the mean and a sum over the item's facts. So one fact of many items, such as
        a genre, counts beside one of a few, such as a director, for what it adds, and what one item alone has, little.
        """
        told = sparse.csr_matrix((np.ones(len(self.item)), (self.item, self.fact)), (len(rows), self.num_facts))
        flat = rows.reshape(len(rows), -1)
        mean = flat[known].mean(axis=0, dtype=np.float64)
        flat[new] = mean + told[new] @ ridge(told[known], flat[known] - mean)


def ridge(told: sparse.csr_matrix, values: np.ndarray, strength: float = STRENGTH) -> np.ndarray:
    """The W [facts, d] of least |told W - values|^2 + strength |W|^2, by conjugate gradients.

    Args:
        told: which of n items has which of the facts, [n, facts].
        values: of the items [n, d].
    """
    rest: np.ndarray = told.T @ values
    found, step, square = np.zeros_like(rest), rest.copy(), np.sum(rest**2, axis=0)
    enough = EXACT * square
    for _ in range(ROUNDS):
        going = square > enough
        if not going.any():
            break
        moved = told.T @ (told @ step) + strength * step
        share = np.where(going, square / np.maximum(np.sum(step * moved, axis=0), np.finfo(float).tiny), 0.0)
        found, rest, before = found + share * step, rest - share * moved, square
        square = np.sum(rest**2, axis=0)
        step = rest + np.where(going, square / np.maximum(before, np.finfo(float).tiny), 0.0) * step
    return found
