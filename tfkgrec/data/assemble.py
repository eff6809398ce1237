"""RawData -> Dataset: give every user, item, entity and relation its inner id."""

import numpy as np

from tfkgrec.data.records import Dataset, IdMap, Interactions, KnowledgeGraph, RawData


def assemble(raw: RawData, seed: int, inverse_relations: bool = False) -> Dataset:
    """Number everything in a seeded order (ids carry no popularity) and drop users without a positive.

    Args:
        raw: the reader's tables.
        seed: fixes the numbering.
        inverse_relations: add (tail, inverse of relation, head) for every triple, so that multi-hop walks lead on.

    Returns:
        A validated `Dataset`.
    """
    rng = np.random.default_rng([seed, 0])
    pairs = raw.interactions
    pairs = pairs[pairs["user"].isin(pairs.loc[pairs["positive"], "user"].unique())]
    users = IdMap.build("user", pairs["user"], rng)
    items = IdMap.build("item", raw.item_links["item"], rng)
    entities = _entities(raw, items, rng)
    relations = IdMap.build("relation", raw.triples["relation"], rng)
    head, tail = (entities.encode(raw.triples[side]) for side in ("head", "tail"))
    graph = KnowledgeGraph(head, relations.encode(raw.triples["relation"]), tail, entities.size, relations.size)
    relation_names = _names(relations.raw, raw.relation_names)
    if inverse_relations:
        graph, relations, relation_names = _with_inverses(graph, relations, relation_names)
    time = pairs["timestamp"].to_numpy(np.int64) if "timestamp" in pairs else None
    label = pairs["positive"].to_numpy(np.float32)
    dataset = Dataset(
        name=raw.name,
        users=users,
        items=items,
        entities=entities,
        relations=relations,
        interactions=Interactions(users.encode(pairs["user"]), items.encode(pairs["item"]), label, time),
        graph=graph,
        entity_names=_names(entities.raw, raw.entity_names),
        relation_names=relation_names,
        report=raw.report,
    )
    dataset.validate()
    return dataset


def _entities(raw: RawData, items: IdMap, rng: np.random.Generator) -> IdMap:
    """The items' entities under the items' numbers, the others of the graph after them."""
    entity_of = raw.item_links.set_index("item")["entity"]
    item_entities = entity_of.reindex(items.raw[1:]).to_numpy(dtype=object)
    others = set(raw.triples["head"].unique()).union(raw.triples["tail"].unique()).difference(item_entities)
    numbered = IdMap.build("entity", others, rng).raw[1:]
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
