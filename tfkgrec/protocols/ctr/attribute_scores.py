"""What can be said of an item from its facts alone: how popular they are, and how like the user's items' facts."""

import numpy as np
from scipy import sparse

from tfkgrec.data.history import History
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.evaluation.item_knn import taken_matrix
from tfkgrec.evaluation.scorers import CatalogueScore


def fact_matrix(graph: KnowledgeGraph, num_item_rows: int) -> sparse.csr_array:
    """1 where an item has a fact, [num_item_rows, facts]: a relation and what is at its other end, by direction."""
    forward, backward = graph.head < num_item_rows, graph.tail < num_item_rows
    item = np.concatenate([graph.head[forward], graph.tail[backward]])
    other = np.concatenate([graph.tail[forward], graph.head[backward]]).astype(np.int64)
    relations = int(graph.relation.max(initial=0)) + 1
    relation = np.concatenate([graph.relation[forward], relations + graph.relation[backward]])
    _, fact = np.unique(other * 2 * relations + relation, return_inverse=True)
    pairs = np.unique(np.stack([item.astype(np.int64), fact]), axis=1)
    shape = (num_item_rows, int(fact.max(initial=-1)) + 1)
    return sparse.csr_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=shape)


def attribute_popularity(facts: sparse.csr_array, popularity: np.ndarray) -> CatalogueScore:
    """score(i) = mean over the item's facts of the mean training count of the items that have the fact.

    Items without a training positive do not count as having it; an item without facts, or none that is known, gets 0.
    """
    known = (popularity > 0).astype(np.float64)
    of_fact = (facts.T @ popularity) / np.maximum(facts.T @ known, 1)
    met = np.asarray(facts @ (facts.T @ known > 0).astype(np.float64))
    score = (facts @ of_fact / np.maximum(met, 1)).astype(np.float32)

    def score_catalogue(user: np.ndarray) -> np.ndarray:
        return np.broadcast_to(score[1:], (len(user), len(score) - 1))

    return score_catalogue


def attribute_knn(facts: sparse.csr_array, history: History) -> CatalogueScore:
    """score(u, i) = mean over the user's training positives j of cosine(i, j), items as vectors of their facts.

    A fact weighs log(items / items that have it), so that what all items share says nothing.
    """
    items = facts.shape[0] - 1
    share = np.asarray(facts.sum(axis=0)).ravel()
    weighed = facts.multiply(np.log(items / np.maximum(share, 1))[None, :]).tocsr()
    length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    unit = weighed.multiply(1 / np.where(length > 0, length, 1)[:, None]).tocsr()
    taken = taken_matrix(history, facts.shape[0])

    def score_catalogue(user: np.ndarray) -> np.ndarray:
        profile = taken[user] @ unit  # [G, facts]
        sums: np.ndarray = (profile @ unit.T).toarray()[:, 1:]
        scores: np.ndarray = (sums / np.maximum(history.lengths[user], 1)[:, None]).astype(np.float32)
        return scores

    return score_catalogue
