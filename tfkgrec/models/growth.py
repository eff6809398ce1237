"""A trained model takes in items of which it knows nothing but facts, without training.

Items that it has keep their numbers, the new ones follow, then the entities that are no items. Every weight stays as it
is, so that what the model says of the others stays the same; a new item's rows are what its facts are worth
(`data/kin.py`, as in `tfkgrec train --from`), and its side tables hold those facts that the model has vectors for.

A model that can has a function of (model, NewItems) -> the larger model, `ModelSpec.grow`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfkgrec.data.kin import Kin
from tfkgrec.data.neighbours import sample_neighbours
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender


@dataclass(frozen=True)
class NewItems:
    """Items for a model that was trained without them.

    Attributes:
        before: how many items it has.
        count: how many are new: the numbers before + 1 to before + count.
        graph: its triples and theirs, everything numbered as it will be.
        rng: of whatever is drawn among their facts.
    """

    before: int
    count: int
    graph: KnowledgeGraph
    rng: np.random.Generator

    @property
    def after(self) -> int:
        """All items."""
        return self.before + self.count

    def moved(self, entity: np.ndarray) -> np.ndarray:
        """Numbers of entities, the dataset's or a model's own: items come first in both, so that the others move on."""
        return np.where(entity > self.before, entity + self.count, entity)

    def entity_ids(self, model: Recommender) -> np.ndarray:
        """The model's side table of this name with them in it: its own numbers -> the dataset's, ascending."""
        others = self.moved(np.asarray(model.entity_ids)[self.before + 1 :])
        return np.concatenate([np.arange(self.after + 1), others])

    def within(self, entity_ids: np.ndarray) -> KnowledgeGraph:
        """The triples between entities that a model has vectors for, numbered as it numbers them."""
        graph = self.graph
        there = np.isin(graph.head, entity_ids) & np.isin(graph.tail, entity_ids)
        head, tail = (np.searchsorted(entity_ids, part[there]) for part in (graph.head, graph.tail))
        return KnowledgeGraph(head, graph.relation[there], tail, len(entity_ids), graph.num_relations)

    def facts_within(self, entity_ids: np.ndarray) -> KnowledgeGraph:
        """Of these the new items' own."""
        graph = self.within(entity_ids)
        own = (graph.head > self.before) & (graph.head <= self.after)
        return replace(graph, head=graph.head[own], relation=graph.relation[own], tail=graph.tail[own])

    def with_kin(self, rows: np.ndarray) -> np.ndarray:
        """A table of items, or of entities: rows [before + 1 or more, ...] with one for every new item."""
        grown = np.insert(rows, [self.before + 1] * self.count, 0, axis=0)
        number = np.arange(len(grown))
        new = (number > self.before) & (number <= self.after)
        Kin.of(self.graph, self.after).fill(grown, (number > 0) & (number <= self.before), new)
        return grown


def grown(model: Recommender, sizes: Mapping[str, Any], new: NewItems, tables: Mapping[str, np.ndarray]) -> Recommender:
    """The model with the new items.

    Args:
        sizes: changes of its record of sizes.
        tables: its side tables that are not as they were.
    """
    config = model.get_config()
    larger = type(model).from_config({**config, "sizes": {**config["sizes"], **sizes}})
    larger.build()
    known = {_path(weight.path): weight for weight in model.weights}
    for weight in larger.weights:
        if weight.name in tables:
            continue
        rows = np.asarray(known[_path(weight.path)])
        weight.assign(rows if rows.shape == tuple(weight.shape) else new.with_kin(rows))
    for name, table in tables.items():
        larger.set_table(name, table)
    return larger


def grow_neighbours(model: Recommender, new: NewItems) -> Recommender:
    """A model whose facts are K neighbours of every item: `neighbour_entity`, `neighbour_relation` [items, K]."""
    entity_ids = new.entity_ids(model)
    entity, relation = (np.asarray(getattr(model, f"neighbour_{part}")) for part in ("entity", "relation"))
    near = sample_neighbours(new.facts_within(entity_ids), new.after, entity.shape[1], new.rng)
    first = new.before + 1
    tables = {
        "neighbour_entity": np.concatenate([new.moved(entity), near.entity_ids[near.entity[first:]]]),
        "neighbour_relation": np.concatenate([relation, near.relation[first:]]),
        "entity_ids": entity_ids,
    }
    return grown(model, {"num_items": new.after + 1, "num_entities": len(entity_ids)}, new, tables)


def settle(model: Recommender, larger: Recommender, new: NewItems, vectors: bool = True) -> Recommender:
    """A new item's own rows make up for what the model reads of its facts beside them.

    Own row and facts are learned together, and which of them has what is chance. So as candidates, too, new items get
    the bias that their facts are worth, and with `vectors` the vector.

    Args:
        model: before it grew.
        larger: whose `item_factors` are a candidate's vector, own row and facts, and its bias.
    """
    first, last = new.before + 1, new.after + 1
    wanted = new.with_kin(np.asarray(model.item_factors()))[first:last]
    of_vector = larger.entity_embedding if vectors else None
    of_bias = larger.head.item_bias
    for table, part in ((of_vector, slice(-1)), (of_bias, slice(-1, None))):
        if table is not None:
            rows = np.asarray(table.embeddings).copy()
            rows[first:last] += (wanted - np.asarray(larger.item_factors())[first:last])[:, part]
            table.embeddings.assign(rows)
    return larger


def check_reads_facts(model: Recommender) -> None:
    """Raise `InputError` where what the model's head reads of a candidate are no facts."""
    head = model.head
    if not head.item_attributes and head.attribute_bias is None:
        wanted = "expected a model that reads a candidate's facts (model.item_attributes or model.attribute_bias)"
        raise InputError(f"{wanted}, found one without")


def _path(path: str) -> str:
    """A weight's, without the model's own name."""
    return path.partition("/")[2]
