"""Prepared data as the dataset and the split that one machine would have made of the raw files."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec import registry
from tfkgrec.config import DataConfig
from tfkgrec.data.assemble import sorted_interactions
from tfkgrec.data.pair_tables import pairs_of
from tfkgrec.data.records import Dataset, IdMap, KnowledgeGraph, RawData
from tfkgrec.data.sharded import Sharded
from tfkgrec.datasets.prepared.manifest import Manifest
from tfkgrec.errors import InputError
from tfkgrec.storage import below, exists, read_table


def read(data: DataConfig, seed: int) -> RawData:
    """There are no raw tables any more."""
    raise InputError("data.dataset: expected raw data, found prepared ones, which are numbered and split already")


def dataset(data: DataConfig, seed: int) -> Dataset:
    """The dataset, in the order that `assemble` gives its rows.

    Raises:
        InputError: there is none, or the config wants it split or numbered in another way.
    """
    folder, manifest = _opened(data, seed)
    users, items, entities, relations = (
        _ids(folder, manifest, *kind)
        for kind in (("users", "user"), ("items", "item"), ("entities", "entity"), ("relations", "relation"))
    )
    entity_names, relation_names = (
        read_table(below(folder, f"{what}.parquet"))["name"].to_numpy() for what in ("entities", "relations")
    )
    triples = read_table(below(folder, "triples.parquet"))
    head, relation, tail = (triples[name].to_numpy() for name in ("head", "relation", "tail"))
    name = manifest.graph_table
    pairs = pairs_of(shards_of(folder, manifest, "interactions"))
    return Dataset(
        name="prepared",
        users=users,
        items=items,
        entities=entities,
        relations=relations,
        interactions=sorted_interactions(pairs, users, items, manifest.seed),
        graph=KnowledgeGraph(head, relation, tail, entities.size, relations.size),
        entity_names=_names(entities, entity_names),
        relation_names=_names(relations, relation_names),
        user_names=_user_names(folder, users),
        report=manifest.report,
        sources=manifest.sources,
        times_per_second=manifest.times_per_second,
        tables={} if name is None else {name: shards_of(folder, manifest, "graph_table")},
    )


def splits(data: DataConfig, known: Dataset, seed: int) -> Any:
    """The split of the protocol, as it would be cut from the dataset."""
    folder, manifest = _opened(data, seed)
    sharded: Sharded = registry.load(registry.protocol(manifest.protocol).sharded or "")()
    tables = {name: shards_of(folder, manifest, name) for name in sharded.names}
    return sharded.joined(tables, known, data.split, seed)


def shards_of(folder: str, manifest: Manifest, what: str, shards: Iterable[int] | None = None) -> pa.Table:
    """The rows of some shards, those of all users by default: user by user, as these are numbered."""
    wanted = range(manifest.shards) if shards is None else shards
    names = [below(folder, f"{what}-{shard:05}-of-{manifest.shards:05}.parquet") for shard in wanted]
    return pa.concat_tables([read_table(name) for name in names if exists(name)])


def _opened(data: DataConfig, seed: int) -> tuple[str, Manifest]:
    folder = str(getattr(data.source, "path", ""))
    manifest = Manifest.read(folder)
    split = data.split.to_dict()
    made = {"data.protocol": manifest.protocol, "training.seed": manifest.seed}
    wanted: dict[str, object] = {"data.protocol": data.protocol, "training.seed": seed}
    if data.protocol == manifest.protocol:
        made |= {f"data.{key}": value for key, value in manifest.split.items()}
        wanted |= {f"data.{key}": value for key, value in split.items()}
    for key, value in made.items():
        if wanted.get(key) != value:
            raise InputError(f"{key}: expected {value}, as {folder} was prepared, found {wanted.get(key)}")
    return folder, manifest


def _ids(folder: str, manifest: Manifest, what: str, kind: str) -> IdMap:
    table = shards_of(folder, manifest, what) if what == "users" else read_table(below(folder, f"{what}.parquet"))
    return IdMap(kind, np.concatenate([[""], table["raw"].to_numpy()]).astype(object))


def _names(ids: IdMap, names: np.ndarray) -> np.ndarray:
    """An id without a name is its own."""
    own = np.concatenate([[""], names]).astype(object)
    return np.where(pd.isna(own), ids.raw, own)


def _user_names(folder: str, users: IdMap) -> np.ndarray | None:
    path = below(folder, "user_names.parquet")
    if not exists(path):
        return None
    table = read_table(path)
    names = dict(zip(table["raw"].to_pylist(), table["name"].to_pylist(), strict=True))
    return np.array([names.get(one, one) for one in users.raw], dtype=object)
