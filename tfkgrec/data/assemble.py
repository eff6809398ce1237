"""RawData -> Dataset: give every user, item, entity and relation its inner id."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pandas as pd

from tfkgrec.data.keyed import mix, text_keys
from tfkgrec.data.records import Dataset, IdMap, Interactions, KnowledgeGraph, Order, RawData
from tfkgrec.data.text_sets import stands_in
from tfkgrec.progress import phase

SOME_ITEMS = 0.1  # share that is told of


@phase("numbering users, items and facts")
def assemble(raw: RawData, seed: int, inverse_relations: bool = False, version: int = 2) -> Dataset:
    """Number everything in a seeded order (ids carry no popularity) and drop users without a positive.

    Args:
        raw: the reader's tables.
        seed: fixes the numbering.
        inverse_relations: add (tail, inverse of relation, head) for every triple, so that multi-hop walks lead on.
        version: 1 numbers by a permutation and keeps the rows as the files have them; 2 makes all that comes after
            independent of the order of the rows (one row per pair, as `RawData` has it).

    Returns:
        A validated `Dataset`.
    """
    order = keyed_order(seed) if version == 2 else _permuted_order(seed)
    pairs = raw.interactions
    liking = stands_in(pairs["user"], pairs.loc[pairs["positive"], "user"])
    pairs, idle = pairs[liking], pairs[~liking]
    users = IdMap.build("user", pairs["user"], order)
    known = catalogue(raw, order, inverse_relations, version)
    interactions = _interactions(pairs, users, known.items)
    if version == 2:
        interactions = sorted_interactions(interactions, users, known.items, seed)
    return dataset_of(raw, users, known, interactions, version, _told(idle))


class Catalogue(NamedTuple):
    """What is numbered but users, and grows with the items and triples alone."""

    items: IdMap
    entities: IdMap
    relations: IdMap
    graph: KnowledgeGraph
    relation_names: np.ndarray


def catalogue(raw: RawData, order: Order, inverse_relations: bool = False, version: int = 2) -> Catalogue:
    """Items, entities and relations numbered in an order, after the users; arguments as of `assemble`."""
    items = IdMap.build("item", raw.item_links["item"], order)
    entities = _entities(raw, items, order)
    relations = IdMap.build("relation", raw.triples["relation"], order)
    head, tail = (entities.encode(raw.triples[side]) for side in ("head", "tail"))
    graph = KnowledgeGraph(head, relations.encode(raw.triples["relation"]), tail, entities.size, relations.size)
    relation_names = _names(relations.raw, raw.relation_names)
    if version == 2:
        graph = _sorted_triples(graph)
    if inverse_relations:
        graph, relations, relation_names = _with_inverses(graph, relations, relation_names)
    return Catalogue(items, entities, relations, graph, relation_names)


def dataset_of(
    raw: RawData,
    users: IdMap,
    known: Catalogue,
    interactions: Interactions,
    version: int = 2,
    told: tuple[str, ...] = (),
) -> Dataset:
    """All of it as one validated `Dataset`; `told` stands below the reader's report."""
    dataset = Dataset(
        name=raw.name,
        users=users,
        items=known.items,
        entities=known.entities,
        relations=known.relations,
        interactions=interactions,
        graph=known.graph,
        entity_names=_names(known.entities.raw, raw.entity_names),
        relation_names=known.relation_names,
        user_names=_names(users.raw, raw.user_names) if raw.user_names else None,
        report=(*raw.report, *told, *_tails_only(known.graph, known.items.size - 1)),
        sources=raw.sources,
        bad=raw.bad,
        times_per_second=raw.times_per_second,
        split_version=version,
    )
    dataset.validate()
    return dataset


def _interactions(pairs: pd.DataFrame, users: IdMap, items: IdMap) -> Interactions:
    time = pairs["timestamp"].to_numpy(np.int64) if "timestamp" in pairs else None
    weight = pairs["weight"].to_numpy(np.float32) if "weight" in pairs else None
    held_out = pairs["held_out"].to_numpy(bool) if "held_out" in pairs else None
    label = pairs["positive"].to_numpy(np.float32)
    return Interactions(users.encode(pairs["user"]), items.encode(pairs["item"]), label, time, weight, held_out)


def _told(idle: pd.DataFrame) -> tuple[str, ...]:
    if idle.empty:
        return ()
    return (f"left out: {len(idle):,} interactions of {idle['user'].nunique():,} users without a positive",)


def _tails_only(graph: KnowledgeGraph, num_items: int) -> tuple[str, ...]:
    """A hint, where a good many items are known by triples that say something of others."""
    tails = np.setdiff1d(graph.tail[graph.tail <= num_items], graph.head)
    if len(tails) <= SOME_ITEMS * num_items or len(tails) == num_items:  # of all, models say so themselves
        return ()
    share = f"{len(tails):,} of {num_items:,} items are tails of triples only, and a triple is a fact of its head"
    return (f"{share}: data.inverse_relations adds them the other way round",)


def _permuted_order(seed: int) -> Order:
    rng = np.random.default_rng([seed, 0])
    return lambda kind, distinct: rng.permutation(distinct)


def keyed_order(seed: int) -> Order:
    """By key, so that a new id changes the order of no two others."""
    return lambda kind, distinct: distinct[np.argsort(mix(text_keys(distinct), seed, kind), kind="stable")]


# Epochs, side tables and what else is drawn by row are functions of these arrays and the seed alone: with the arrays in
# an order of their own, the order of the files' rows changes none of it. Splits do not even depend on the other rows
# (`draws.py`).


def sorted_interactions(pairs: Interactions, users: IdMap, items: IdMap, seed: int) -> Interactions:
    """In time where it is known; those of one moment, or of none, by key."""
    keys = mix(users.keys[pairs.user], items.keys[pairs.item], seed, "interactions")
    return pairs.take(np.argsort(keys) if pairs.timestamp is None else np.lexsort((keys, pairs.timestamp)))


def _sorted_triples(graph: KnowledgeGraph) -> KnowledgeGraph:
    order = np.lexsort((graph.tail, graph.relation, graph.head))
    return dataclasses.replace(graph, head=graph.head[order], relation=graph.relation[order], tail=graph.tail[order])


def _entities(raw: RawData, items: IdMap, order: Order) -> IdMap:
    """The items' entities under the items' numbers, the others of the graph after them."""
    entity_of = raw.item_links.set_index("item")["entity"]
    item_entities = entity_of.reindex(items.raw[1:]).to_numpy(dtype=object)
    others = set(raw.triples["head"].unique()).union(raw.triples["tail"].unique()).difference(item_entities)
    numbered = IdMap.build("entity", others, order).raw[1:]
    return IdMap("entity", np.concatenate([[""], item_entities, numbered]).astype(object))


def _with_inverses(
    graph: KnowledgeGraph, relations: IdMap, names: np.ndarray
) -> tuple[KnowledgeGraph, IdMap, np.ndarray]:
    """(tail, inverse of relation, head) for every triple, too."""
    shift = np.int32(relations.size - 1)
    both_ways = KnowledgeGraph(
        np.concatenate([graph.head, graph.tail]),
        np.concatenate([graph.relation, graph.relation + shift]),
        np.concatenate([graph.tail, graph.head]),
        graph.num_entities,
        graph.num_relations + int(shift),
    )
    raw = np.concatenate([relations.raw, [f"inverse {r}" for r in relations.raw[1:]]])
    return both_ways, IdMap("relation", raw), np.concatenate([names, [f"{name} of" for name in names[1:]]])


def _names(raw_ids: np.ndarray, names: dict[str, str]) -> np.ndarray:
    """The names of ids for people; an id without one is its own."""
    return np.array([names.get(one, one) for one in raw_ids], dtype=object)
