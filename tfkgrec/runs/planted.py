"""Whether explanations point at what is true, in a world where it is known why somebody takes a film.

A film is what its attributes are, and a user takes it by taste . film (datasets/synthetic/world.py). So an attribute is
a cause where the user's taste likes what it adds to the film; and a film that was taken before is a reason where it is
like the candidate in what tastes see, vector . vector > 0. The pointing game: is the first one such a one?
"""

from collections import defaultdict
from typing import Any

import numpy as np

from tfkgrec.data.records import Dataset
from tfkgrec.datasets.synthetic.world import WorldTruth
from tfkgrec.evaluation.faithfulness import mean_and_error
from tfkgrec.models.contribution import contributions
from tfkgrec.models.recommender import Recommender

PAIRS_AT_ONCE = 256
LEAST_PAIRS = 30  # fewer say nothing, as with KSR, whose facts are what the memory holds rather than what the film has


class Planted:
    """The truth of a world by the numbers of a dataset."""

    def __init__(self, truth: WorldTruth, dataset: Dataset) -> None:
        users, items = (np.arange(1, ids.size) for ids in (dataset.users, dataset.items))
        rows = {raw: row for row, raw in enumerate(truth.users)}
        columns = {raw: column for column, raw in enumerate(truth.items)}
        self.taste = truth.taste[[rows[raw] for raw in dataset.users.decode(users)]]
        self.film = truth.films[[columns[raw] for raw in dataset.items.decode(items)]]
        graph = dataset.graph
        names = zip(dataset.relations.decode(graph.relation), dataset.entities.decode(graph.tail), strict=True)
        triples = zip(zip(graph.head, graph.relation, graph.tail, strict=True), names, strict=True)
        self.character = {
            tuple(map(int, triple)): truth.characters[name] for triple, name in triples if name in truth.characters
        }

    def of_facts(self, user: np.ndarray, item: np.ndarray, relation: np.ndarray, entity: np.ndarray) -> np.ndarray:
        """What facts [n, F] add to the log-odds of pairs [n]; NaN for what is none, or plants nothing."""
        found = np.full(relation.shape, np.nan)
        for row, column in np.argwhere(entity > 0):
            character = self.character.get((int(item[row]), int(relation[row, column]), int(entity[row, column])))
            if character is not None:
                found[row, column] = self.taste[user[row] - 1] @ character
        return found

    def of_items(self, item: np.ndarray, history: np.ndarray) -> np.ndarray:
        """How like the candidates [n] the items of histories [n, T] are; NaN for padding and the candidate itself."""
        like = np.einsum("ntc,nc->nt", self.film[history - 1], self.film[item - 1])
        return np.where((history > 0) & (history != item[:, None]), like, np.nan)


def pointing(model: Recommender, planted: Planted, user: np.ndarray, item: np.ndarray) -> dict[str, Any]:
    """What -> by which order -> how often it points at a cause, over pairs [n] where that is no matter of course."""
    hits: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    tables = model.item_tables()
    for start in range(0, len(user), PAIRS_AT_ONCE):
        pair = user[start : start + PAIRS_AT_ONCE], item[start : start + PAIRS_AT_ONCE]
        found, explanation = contributions(model, *pair, tables), model.explain(*pair, tables)
        if found.fact_contribution is not None:
            true = planted.of_facts(*pair, np.asarray(found.fact_relation), np.asarray(found.fact_entity))
            orders = {"contributions": found.fact_contribution, "weights": model.own_fact_weights(explanation)}
            _note(hits["facts"], true, orders)
        if found.history_item is not None:
            weight = model.own_weights(explanation, found.history_item)
            orders = {"contributions": found.contribution, "weights": weight}
            _note(hits["items"], planted.of_items(pair[1], np.asarray(found.history_item)), orders)
    joined = {what: {name: np.concatenate(parts) for name, parts in by.items()} for what, by in hits.items()}
    return {
        what: {name: mean_and_error(values) for name, values in by.items()}
        for what, by in joined.items()
        if len(by["chance"]) >= LEAST_PAIRS
    }


def _note(hits: dict[str, list[np.ndarray]], true: np.ndarray, orders: dict[str, Any]) -> None:
    """Add whether each order's first one is a cause, and how many are."""
    real = ~np.isnan(true)
    matters = np.any(true > 0, axis=1) & np.any(true <= 0, axis=1)
    true, real = true[matters], real[matters]
    for name, score in orders.items():
        if score is not None:
            first = np.argmax(np.where(real, np.asarray(score)[matters], -np.inf), axis=1)
            hits[name].append((true[np.arange(len(true)), first] > 0).astype(float))
    hits["chance"].append(np.sum(true > 0, axis=1) / np.sum(real, axis=1))
