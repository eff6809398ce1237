"""LightGCN from its settings, and the graph that it carries."""

from typing import NamedTuple

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.models.context import BuildContext
from tfkgrec.models.lightgcn.model import GraphSizes, LightGCN
from tfkgrec.models.lightgcn.settings import LightgcnSettings


class Facts(NamedTuple):
    """Edges between items and entities.

    Items keep their numbers as entities; of the others only those in an edge are numbered.
    """

    item: np.ndarray  # int [n]
    entity: np.ndarray  # int [n]
    num_entities: int  # row 0 included


def build(settings: LightgcnSettings, context: BuildContext) -> LightGCN:
    """A built LightGCN with its edges."""
    dataset = context.dataset
    user, item, offsets = likes(context.history)
    facts = facts_of(dataset.graph, dataset.num_items) if settings.fact_weight else no_facts(dataset.num_items)
    sizes = GraphSizes(
        num_users=dataset.users.size,
        num_items=dataset.items.size,
        num_entities=facts.num_entities,
        num_likes=len(item),
        num_facts=len(facts.item),
        most_likes=int(context.history.lengths.max()),
    )
    model = LightGCN.from_settings(sizes, settings.hyperparameters())
    model.build()
    model.set_table("like_offsets", offsets)
    model.set_table("like_user", user)
    model.set_table("like_item", item)
    if sizes.num_facts:
        model.set_table("fact_item", facts.item)
        model.set_table("fact_entity", facts.entity)
    return model


def likes(history: History) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(user [n], item [n], offsets [users + 1]): every pair once, by user, then by item."""
    pairs = np.unique(np.stack([history.users(), history.items.astype(np.int64)], axis=1), axis=0)
    count = np.bincount(pairs[:, 0], minlength=history.num_users)
    return pairs[:, 0], pairs[:, 1], np.concatenate([[0], np.cumsum(count)])


def facts_of(graph: KnowledgeGraph, num_items: int) -> Facts:
    """One edge for each item and entity that a triple joins, whichever is the head and whatever the relation.

    An entity that is no item and is joined to one item only tells that item nothing of others: it is left out.
    """
    low, high = np.minimum(graph.head, graph.tail), np.maximum(graph.head, graph.tail)  # items are the first entities
    joined = (low <= num_items) & (low != high)
    low, high = np.unique(np.stack([low, high])[:, joined], axis=1)
    kept = (np.bincount(high, minlength=1)[high] > 1) | (high <= num_items)
    low, high = low[kept], high[kept]
    others = np.unique(high[high > num_items])
    numbers = np.concatenate([np.arange(num_items + 1), others])
    return Facts(low, np.searchsorted(numbers, high), len(numbers))


def no_facts(num_items: int) -> Facts:
    """Of a graph that is not read."""
    return Facts(np.empty(0, np.int64), np.empty(0, np.int64), num_items + 1)
