"""A scorer judged among cold items, which it knows by their facts alone, beside what the facts alone say."""

from typing import Any

import numpy as np

from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.evaluation.candidates import catalogue_scores
from tfkgrec.evaluation.ctr import auc
from tfkgrec.evaluation.ranking_metrics import ranking_metrics
from tfkgrec.evaluation.ranks import rank_positives
from tfkgrec.evaluation.scorers import CatalogueScore
from tfkgrec.protocols.ctr.attribute_scores import attribute_knn, attribute_popularity, fact_matrix
from tfkgrec.protocols.ctr.cold import ColdItems
from tfkgrec.protocols.ctr.ranking import BATCH_USERS
from tfkgrec.protocols.ctr.split import Splits

RECALL = "recall@20"


def evaluate_cold(
    score_catalogue: CatalogueScore, splits: Splits, graph: KnowledgeGraph, batch_users: int = BATCH_USERS
) -> dict[str, Any]:
    """The figures of `cold_figures`, and beside them those of two baselines that read no more than facts.

    Returns:
        "auc", "recall@20", "users", "items", "attribute_popularity" and "attribute_knn" -> "auc", "recall@20".

    Raises:
        InputError: no cold items, or none that anybody of the training users likes.
    """
    cold = splits.cold
    if cold is None or not len(cold.pairs.positives):
        raise InputError("data.cold_items: expected positives of cold items to judge by, found none")
    facts = fact_matrix(graph, splits.num_item_rows)
    beside = {
        "attribute_popularity": attribute_popularity(facts, splits.popularity),
        "attribute_knn": attribute_knn(facts, splits.train_history),
    }
    users = np.unique(cold.pairs.positives.user)
    return {
        **cold_figures(score_catalogue, cold, batch_users),
        "users": float(len(users)),
        "items": float(len(cold.items)),
        **{name: cold_figures(score, cold, batch_users) for name, score in beside.items()},
    }


def cold_figures(score_catalogue: CatalogueScore, cold: ColdItems, batch_users: int = BATCH_USERS) -> dict[str, float]:
    """AUC over all labelled pairs with cold items; recall@20 where cold items alone are ranked, mean over the users.

    Ties count by expectation.
    """
    pairs = cold.pairs.take(np.argsort(cold.pairs.user, kind="stable"))
    users, begin = np.unique(pairs.user, return_index=True)
    begin = np.append(begin, len(pairs))
    place = np.searchsorted(cold.items, pairs.item)
    scores, recall = np.empty(len(pairs), np.float64), []
    for first in range(0, len(users), batch_users):
        batch = users[first : first + batch_users]
        own = slice(begin[first], begin[first + len(batch)])
        everything = score_catalogue(batch)
        table = catalogue_scores(everything[:, cold.items - 1], len(batch), len(cold.items))
        row = np.searchsorted(batch, pairs.user[own])
        scores[own] = table[row, place[own]]
        liked = pairs.label[own] > 0
        asked, row = np.unique(row[liked], return_inverse=True)  # a list without a positive has no recall
        if len(asked):
            ranks = rank_positives(table[asked], row, place[own][liked])
            recall.append(ranking_metrics(ranks, (20,))[RECALL])
    return {"auc": auc(pairs.label, scores), RECALL: float(np.mean(np.concatenate(recall)))}
