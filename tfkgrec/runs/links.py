"""What the explanations of a run's recommendations link to: recency, popularity and diversity, user by user."""

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from tfkgrec.data.records import Dataset
from tfkgrec.evaluation.faithfulness import mean_and_error
from tfkgrec.evaluation.path_quality import diversity, standing, standing_by_kind
from tfkgrec.models.contribution import contributions
from tfkgrec.models.explain_text import SHOWN
from tfkgrec.models.recommender import Links, Recommender
from tfkgrec.types import Record

ITEMS_AT_ONCE = 2048


class Standings:
    """How recent what a user took is, and how popular what items have."""

    def __init__(self, dataset: Dataset) -> None:
        self.graph = dataset.graph
        kinds = np.stack([self.graph.relation, self.graph.tail])
        (self.relation, self.entity), count = np.unique(kinds, axis=1, return_counts=True)
        self.popular = pd.Series(
            standing_by_kind(self.relation, count), index=pd.MultiIndex.from_arrays([self.relation, self.entity])
        )
        self.pairs = dataset.interactions

    def recency(self, user: int) -> dict[int, float]:
        """Item -> how recent, of all that the data hold of the user; {} where time is not known."""
        if self.pairs.timestamp is None:
            return {}
        own = np.flatnonzero(self.pairs.user == user)
        return dict(zip(self.pairs.item[own].tolist(), standing(self.pairs.timestamp[own]).tolist(), strict=True))

    def popularity(self, relation: np.ndarray, entity: np.ndarray) -> np.ndarray:
        """Of entities [n] by the relations [n] that lead to them; NaN where the graph has no such triple."""
        found: np.ndarray = self.popular.reindex(pd.MultiIndex.from_arrays([relation, entity])).to_numpy()
        return found


def measure_links(
    model: Recommender, dataset: Dataset, users: np.ndarray, rng: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """Order -> figure -> mean and standard error over `users` [n], of the first `SHOWN` items for each."""
    standings, tables = Standings(dataset), model.item_tables()
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for user in users.tolist():
        best = _best(model, user, dataset.seen_items.of(user), tables)
        recent = standings.recency(user)
        for order, links in _links(model, np.full(len(best), user, np.int32), best, tables, rng).items():
            for name, value in _of_user(links, recent, standings).items():
                found[order][name].append(value)
    means = {
        order: {name: mean_and_error(np.array(values)) for name, values in figures.items()}
        for order, figures in found.items()
    }
    return {order: {name: mean for name, mean in by.items() if mean is not None} for order, by in means.items()}


def _best(model: Recommender, user: int, taken: np.ndarray, tables: Record | None) -> np.ndarray:
    """The items [SHOWN] that the user would be shown."""
    state = model.user_state(np.array([user], np.int32), tables=tables)
    free = np.setdiff1d(np.arange(1, model.num_items, dtype=np.int32), taken)
    parts = [free[start : start + ITEMS_AT_ONCE] for start in range(0, len(free), ITEMS_AT_ONCE)]
    score = np.concatenate([np.asarray(model.score_items(state, part[None]))[0] for part in parts])
    return free[np.argsort(-score, kind="stable")[:SHOWN]]


def _links(
    model: Recommender, user: np.ndarray, item: np.ndarray, tables: Record | None, rng: np.random.Generator
) -> dict[str, Links]:
    """Order -> what explains each of the items [n] first; where there is nothing it is 0."""
    owed, explanation = contributions(model, user, item, tables), model.explain(user, item, tables)
    paths = model.paths(explanation)
    if paths is not None:
        orders = {"contributions": owed.fact_contribution, "weights": model.own_fact_weights(explanation)}
    else:
        history = np.asarray(owed.history_item)
        there = np.where(history != item[:, None], history, 0)
        paths = Links(there, np.zeros_like(there), np.zeros_like(there))
        orders = {"contributions": owed.contribution, "weights": model.own_weights(explanation, history)}
    orders["random"] = rng.random(np.shape(paths.item))
    return {name: _first(paths, np.asarray(score)) for name, score in orders.items() if score is not None}


def _first(paths: Links, score: np.ndarray) -> Links:
    """Of links [n, S] those of the highest score, [n]."""
    place = np.argmax(np.where(np.asarray(paths.item) > 0, score, -np.inf), axis=1)
    return Links(*(np.asarray(part)[np.arange(len(place)), place] for part in paths))


def _of_user(links: Links, recent: dict[int, float], standings: Standings) -> dict[str, float]:
    """The figures of one user's list; NaN where there is nothing to tell."""
    linked = links.item > 0
    item, entity, kind = (np.asarray(part)[linked] for part in links)
    named = entity > 0
    times = [recent[one] for one in item.tolist() if one in recent]
    popular = standings.popularity(kind[named], entity[named])
    return {
        "explained": float(linked.mean()),
        "recency": float(np.mean(times)) if times else float("nan"),
        "item_diversity": diversity(item),
        "popularity": float(np.nanmean(popular)) if np.any(~np.isnan(popular)) else float("nan"),
        "entity_diversity": diversity(entity[named]),
        "kind_diversity": diversity(kind) if np.any(kind) else float("nan"),
    }
