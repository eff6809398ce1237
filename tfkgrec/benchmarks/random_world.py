"""Data of any size without any sense: for what work costs, where no answer is looked at."""

from collections.abc import Mapping

import numpy as np

from tfkgrec import registry
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset, IdMap, Interactions, KnowledgeGraph
from tfkgrec.models.build import build_model
from tfkgrec.models.recommender import Recommender

LIKES = 8
"""Positives of every user."""
FACTS, FIELDS = 5, 8
"""Facts of an item in the mean; kinds of facts."""
ITEMS_PER_VALUE = 20


def random_dataset(users: int, items: int, seed: int = 0) -> tuple[Dataset, History]:
    """(data of so many users and items, the positives of every user)."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(1, users + 1, dtype=np.int32), LIKES)
    item = rng.integers(1, items + 1, len(user), dtype=np.int32)
    _, first = np.unique(user.astype(np.int64) * (items + 1) + item, return_index=True)
    user, item = user[first], item[first]
    values = max(FIELDS, items // ITEMS_PER_VALUE)
    head = rng.integers(1, items + 1, FACTS * items, dtype=np.int32)
    tail = items + 1 + rng.integers(0, values, len(head), dtype=np.int32)
    relation = 1 + (tail % FIELDS)
    _, once = np.unique(head.astype(np.int64) * values + (tail - items - 1), return_index=True)
    graph = KnowledgeGraph(
        head[once], relation[once].astype(np.int32), tail[once], items + values + 1, num_relations=FIELDS + 1
    )
    item_texts, relation_texts = _texts("i", items), _texts("r", FIELDS)
    entity_texts = np.concatenate([item_texts, _texts("e", values)[1:]])
    dataset = Dataset(
        name="random",
        users=IdMap("user", _texts("u", users)),
        items=IdMap("item", item_texts),
        entities=IdMap("entity", entity_texts),
        relations=IdMap("relation", relation_texts),
        interactions=Interactions(user, item, np.ones(len(user), np.float32)),
        graph=graph,
        entity_names=entity_texts,
        relation_names=relation_texts,
    )
    return dataset, History.by_user(user, item, users + 1)


def _texts(letter: str, count: int) -> np.ndarray:
    return np.array(["", *(f"{letter}{number}" for number in range(1, count + 1))], object)


def untrained(
    name: str, dim: int, dataset: Dataset, history: History, members: Mapping[str, Recommender] | None = None
) -> Recommender:
    """The model of that name at its defaults, of width `dim` where it has one, with its first weights."""
    kind = registry.model(name).settings
    settings = kind(name, **({"dim": dim} if hasattr(kind, "dim") else {}))
    return build_model(settings, dataset, history, seed=0, members=members)
