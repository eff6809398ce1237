"""RawData -> Dataset: give every user, item, entity and relation its inner id."""

import numpy as np
import pandas as pd

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
    entity_of = raw.item_links.set_index("item")["entity"]
    item_entities = entity_of.reindex(items.raw[1:]).to_numpy(dtype=object)
    others = IdMap.build(
        "entity", set(raw.triples["head"].unique()).union(raw.triples["tail"].unique()).difference(item_entities), rng
    )
    entities = IdMap("entity", np.concatenate([[""], item_entities, others.raw[1:]]).astype(object))
    relations = IdMap.build("relation", raw.triples["relation"], rng)

    head, relation, tail = (
        ids.encode(raw.triples[column])
        for ids, column in ((entities, "head"), (relations, "relation"), (entities, "tail"))
    )
    relation_names = [raw.relation_names.get(r, r) for r in relations.raw]
    if inverse_relations:
        shift = np.int32(relations.size - 1)
        head, relation, tail = (
            np.concatenate([head, tail]),
            np.concatenate([relation, relation + shift]),
            np.concatenate([tail, head]),
        )
        relations = IdMap("relation", np.concatenate([relations.raw, [f"inverse {r}" for r in relations.raw[1:]]]))
        relation_names += [f"{name} of" for name in relation_names[1:]]

    time = pairs["timestamp"].to_numpy(np.int64) if "timestamp" in pairs else None
    dataset = Dataset(
        name=raw.name,
        users=users,
        items=items,
        entities=entities,
        relations=relations,
        interactions=Interactions(
            users.encode(pairs["user"]), items.encode(pairs["item"]), pairs["positive"].to_numpy(np.float32), time
        ),
        graph=KnowledgeGraph(head, relation, tail, entities.size, relations.size),
        entity_names=_names(entities.raw, raw.entity_names),
        relation_names=np.array(relation_names, dtype=object),
        report=raw.report,
    )
    dataset.validate()
    return dataset


def _names(raw_ids: np.ndarray, names: dict[str, str]) -> np.ndarray:
    if not names:
        return raw_ids
    return pd.Series(raw_ids).map(lambda r: names.get(r, r)).to_numpy(dtype=object)
