"""From raw files to numbered, split data in Parquet shards, step by step, whatever their number.

What grows with the interactions is never in one place. What grows with items and triples is put together by the driver:
a model that trains on them holds them in one place, too.
"""

import dataclasses
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec import registry
from tfkgrec.beam import core, graph_tables, numbered, raw_rows
from tfkgrec.beam.engines import Engine
from tfkgrec.beam.plan import Plan, as_bad_rows
from tfkgrec.config import DataConfig, SettingError
from tfkgrec.data.assemble import Catalogue, catalogue, keyed_order
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.times import unit_of
from tfkgrec.data.records import BadRow, RawData
from tfkgrec.datasets.own_files.read import Around, Interactions, no_triples, put_together, with_times_said
from tfkgrec.datasets.own_files.settings import FilesSettings
from tfkgrec.datasets.own_files.sources import How
from tfkgrec.datasets.prepared.manifest import MANIFEST, QUARANTINE, Manifest
from tfkgrec.errors import InputError
from tfkgrec.progress import phase
from tfkgrec.storage import begin, below, delete, files_of, local_copy, publish, write_bytes, write_json, write_table
from tfkgrec.tf_logging import quiet_import

AROUND = ("item_links", "item_names", "entity_names", "user_names")


def check(data: DataConfig) -> None:
    """Raise `SettingError` for data that are not prepared by shards."""
    source = data.source
    if not isinstance(source, FilesSettings):
        raise SettingError("data.dataset", f"expected files, found {data.dataset}")
    if source.queries:
        raise SettingError("data.queries", "expected files, which workers share among them, found queries")
    if source.test_interactions is not None:
        raise SettingError("data.test_interactions", "expected null, as the split is made shard by shard")
    if data.split_version != 2:
        raise SettingError("data.split_version", f"expected 2, which draws by keys, found {data.split_version}")
    cold = getattr(data.split, "cold_items", 0.0)
    if cold:
        raise SettingError("data.cold_items", f"expected 0, found {cold:g}")
    if registry.protocol(data.protocol).sharded is None:
        raise SettingError("data.protocol", f"expected one that splits by shards, found {data.protocol}")


def prepare_on(engine: Engine, plan: Plan, output: str) -> Manifest:
    """Leave all of it in `output`, which is complete or absent.

    Raises:
        InputError: a file is missing, or has too many bad rows; nothing is left.
    """
    begin(plan.work)
    shards = range(plan.shards)
    with phase("reading interactions and triples"):
        found, graph, times = _read(engine, plan)
        raw = dataclasses.replace(_around(plan, found, graph, _items(plan)), times_per_second=times)
    with phase("numbering users, items and facts"):
        raw, known = _numbered(engine, plan, raw)
        engine.each(shards, partial(numbered.people, plan=plan))
        told = plan.noted("people")
        counts = [one.get("users", 0) for one in told]
        if not sum(counts):
            raise InputError("data.interactions: expected at least one positive interaction, found none")
        offsets = [int(before) for before in np.cumsum([0, *counts[:-1]])]
        engine.each(shards, partial(numbered.number, plan=plan, offsets=offsets, times=times))
    with phase("splitting"):
        engine.each(shards, partial(numbered.split, plan=plan, offsets=offsets, times=times))
    with quiet_import():  # of Keras, by the model's module
        made = graph_tables.table_of(plan)
    if made is not None:
        with phase("sampling the graph"):
            engine.each(shards, partial(graph_tables.sample, plan=plan))
    manifest = _manifest(plan, raw, known, told, None if made is None else made.name)
    _write_quarantine(plan, raw.bad)
    write_json(below(plan.folder, MANIFEST), manifest.to_dict())
    publish(plan.folder, output)
    delete(plan.work)
    return manifest


def _read(engine: Engine, plan: Plan) -> tuple[Interactions, RawTable, int]:
    """Rows by shard; the interactions' counts and bad rows, the triples, and what a second is in their times."""
    sources = [raw_rows.Source("interactions", file) for file in files_of(plan.files.interactions or "")]
    if plan.files.triples is not None:
        sources += [raw_rows.Source("triples", file) for file in files_of(plan.files.triples)]
    engine.by_bucket(sources, partial(raw_rows.cut, plan=plan), partial(raw_rows.put_together, plan=plan))
    counts = plan.saved("counts", 0)
    unit = _unit(plan, counts)
    engine.each(range(plan.shards), partial(raw_rows.clean, plan=plan, unit=unit))
    told = plan.noted("clean")
    bad = plan.saved("bad", 0)
    late = [row for shard in range(plan.shards) for row in as_bad_rows(plan.saved("bad times", shard))]
    rows = sum(one.get("rows", 0) for one in told)
    table = _source(plan.files.interactions, counts, "interactions", [*_of(bad, "interactions"), *late], rows)
    if unit is not None:
        table = with_times_said(table, unit)
    graph = no_triples()
    if plan.files.triples is not None:
        graph = _source(plan.files.triples, counts, "triples", _of(bad, "triples"), 0)
        graph = dataclasses.replace(graph, frame=_all(plan, "triples")[["head", "relation", "tail"]])
    fine = any(one.get("fine") for one in told)
    return Interactions(table, pd.DataFrame()), graph, 1_000_000 if fine else 1


def _unit(plan: Plan, counts: pd.DataFrame) -> str | None:
    if plan.columns.timestamp is None:
        return None
    own = counts[counts["role"] == "interactions"]
    return unit_of(np.sum(own["sizes"].tolist(), axis=0), int(own["rows"].sum()))


def _source(path: Any, counts: pd.DataFrame, role: str, bad: list[BadRow], rows: int) -> RawTable:
    """A source of which only the number of rows is here."""
    own = counts[counts["role"] == role].sort_values("kind")
    kind = own["kind"].iloc[0] if len(own) == 1 else f"{len(own)} files, {own['kind'].iloc[0]}"
    said = tuple(dict.fromkeys(line for text in own["said"] for line in text.split("\n") if line))
    return RawTable(str(path), pd.DataFrame(index=pd.RangeIndex(rows)), said, tuple(bad), kind)


def _of(bad: pd.DataFrame | None, role: str) -> list[BadRow]:
    return [] if bad is None else as_bad_rows(bad[bad["role"] == role])


def _all(plan: Plan, what: str) -> pd.DataFrame:
    """What was kept of all shards."""
    return pd.concat([one for shard in range(plan.shards) if (one := plan.saved(what, shard)) is not None])


def _items(plan: Plan) -> pd.Series:
    """All items that somebody has an interaction with."""
    return pd.Series(sorted(set(_all(plan, "items")["item"])), dtype="str")


def _around(plan: Plan, found: Interactions, graph: RawTable, items: pd.Series) -> RawData:
    """Everything but interactions, of which there is a row for every item."""
    source, files = found.table.source, plan.files
    pairs = pd.DataFrame({"user": "", "item": items, "positive": True}, dtype=object)
    pairs = pairs.astype({"user": "str", "item": "str", "positive": bool}).set_axis([source] * len(items))
    with ExitStack() as copies:
        here = {
            role: None if (path := getattr(files, role)) is None else copies.enter_context(local_copy(path))
            for role in AROUND
        }
        table = files.item_table
        table_file = None if table is None else copies.enter_context(local_copy(table.file or ""))
        around = Around(
            plan.columns.item, here["item_links"], table, table_file, here["item_names"], here["entity_names"],
            here["user_names"], How(files.encoding, files.separator),
        )  # fmt: skip
        unlinked = plan.data.unlinked_items or "keep"
        return put_together(found._replace(pairs=pairs), graph, around, unlinked, files.max_bad_rows)


def _numbered(engine: Engine, plan: Plan, raw: RawData) -> tuple[RawData, Catalogue]:
    """The k-core taken; items, entities, relations and triples numbered and written."""
    items = raw.item_links["item"].sort_values(ignore_index=True)
    plan.save(core.CATALOGUE, 0, pd.DataFrame({"item": items}))
    engine.each(range(plan.shards), partial(core.code, plan=plan))
    kept = core.core(plan, engine, len(items), plan.data.k_core)
    if not kept.any():
        raise InputError(f"data.k_core: expected users and items with {plan.data.k_core} interactions, found none")
    own = set(items[kept])
    links = raw.item_links[raw.item_links["item"].isin(own)].reset_index(drop=True)
    raw = dataclasses.replace(raw, item_links=links)
    known = catalogue(raw, keyed_order(plan.seed), plan.data.inverse_relations)
    plan.save(numbered.NUMBERS, 0, pd.DataFrame({"number": known.items.encode(items)}))
    names = raw.entity_names
    for what, ids in (("items", known.items), ("entities", known.entities), ("relations", known.relations)):
        columns = {what_of(what): np.arange(1, ids.size, dtype=np.int32), "raw": pa.array(ids.raw[1:], pa.string())}
        if what == "entities":
            columns["name"] = pa.array([names.get(one) for one in ids.raw[1:]], pa.string())
        if what == "relations":
            columns["name"] = pa.array(known.relation_names[1:], pa.string())
        write_table(plan.result(what), pa.table(columns))
    graph = known.graph
    write_table(plan.result("triples"), pa.table({"head": graph.head, "relation": graph.relation, "tail": graph.tail}))
    if raw.user_names:
        table = {"raw": list(raw.user_names), "name": list(raw.user_names.values())}
        write_table(plan.result("user_names"), pa.table(table))
    return raw, known


def what_of(plural: str) -> str:
    """The column of the numbers of items, entities, relations."""
    return {"entities": "entity"}.get(plural, plural.removesuffix("s"))


def _manifest(plan: Plan, raw: RawData, known: Catalogue, told: list[dict[str, int]], table: str | None) -> Manifest:
    cleaned, coded = plan.noted("clean"), plan.noted("code")

    def total(of: list[dict[str, Any]], what: str) -> int:
        return sum(one.get(what, 0) for one in of)

    lines = [line for line in raw.report if "items without an entity" not in line and " repeats of a (user" not in line]
    outside = f"interactions outside the {plan.data.k_core}-core"
    for count, line in (
        (total(coded, "unlinked"), "interactions with items without an entity"),
        (total(cleaned, "rows") - total(cleaned, "pairs"), "repeats of a (user, item) pair"),
        (
            total(cleaned, "pairs") - total(coded, "unlinked") - total(told, "rows"),
            outside,
        ),
        (total(told, "idle_rows"), f"interactions of {total(told, 'idle'):,} users without a positive"),
    ):
        lines += [f"left out: {count:,} {line}"] if count else []
    data = plan.data.to_dict()
    return Manifest(
        protocol=plan.data.protocol, seed=plan.seed, shards=plan.shards, split=plan.data.split.to_dict(),
        k_core=plan.data.k_core, inverse_relations=plan.data.inverse_relations, times_per_second=raw.times_per_second,
        users=[one.get("users", 0) for one in told], items=known.items.size - 1,
        entities=known.entities.size - 1, relations=known.relations.size - 1, triples=len(known.graph),
        interactions=total(told, "rows") - total(told, "idle_rows"),
        graph_table=table, report=tuple(lines), sources=raw.sources, bad_rows=len(raw.bad), made_from=_texts(data),
    )  # fmt: skip


def _texts(value: Any) -> Any:
    """As JSON can hold it."""
    if isinstance(value, dict):
        return {key: _texts(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _write_quarantine(plan: Plan, bad: tuple[BadRow, ...]) -> None:
    """Bad rows with file and line, as a run's bad_rows.csv has them."""
    if bad:
        rows = pd.DataFrame(bad, columns=BadRow._fields)
        write_bytes(below(plan.folder, QUARANTINE), rows.to_csv(index=False).encode())
