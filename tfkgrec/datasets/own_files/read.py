"""One's own data: interactions and triples as CSV, TSV, Parquet or data frames."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.frames import table_from_frame, table_from_parquet
from tfkgrec.data.readers.linking import build_raw, one_row_per_pair
from tfkgrec.data.readers.tables import PACKED, RawTable, read_table
from tfkgrec.data.records import RawData
from tfkgrec.datasets.own_files.item_entities import link_items
from tfkgrec.datasets.own_files.item_table import read_facts
from tfkgrec.datasets.own_files.look import SEPARATORS, look, stripped, text_kind
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings, ItemTable
from tfkgrec.errors import InputError

Source: TypeAlias = str | Path | pd.DataFrame
Columns: TypeAlias = Mapping[str, Sequence[str]]  # our name -> words that headers use

# What headers call the columns (letter case, a type after ":" and a final id, entity or type aside), by our names.
TRIPLE_COLUMNS = {
    "head": ("head", "h", "subject", "source", "start", "from", "node1", "item"),
    "relation": ("relation", "r", "rel", "predicate", "property", "type", "edge", "label"),
    "tail": ("tail", "t", "object", "target", "end", "to", "node2", "value"),
}
LINK_COLUMNS = {"item": ("item",), "entity": ("entity",)}


def read(data: DataConfig, seed: int) -> RawData:
    """The files that `data` names; the seed has no say."""
    settings = data.source
    if not isinstance(settings, FilesSettings) or settings.interactions is None:
        raise InputError("data: expected interactions with dataset: files, found none")
    return read_files(
        settings.interactions,
        settings.triples,
        settings.item_links,
        **({} if settings.columns is None else dataclasses.asdict(settings.columns)),
        positive_at=settings.positive_at,
        unlinked_items=data.unlinked_items or "keep",
        item_table=settings.item_table,
        encoding=settings.encoding,
    )


def read_files(
    interactions: Source,
    triples: Source | None,
    item_links: Source | None = None,
    *,
    user: str = "user",
    item: str = "item",
    rating: str | None = None,
    timestamp: str | None = None,
    positive_at: float | None = None,
    unlinked_items: str = "keep",
    item_table: ItemTable | None = None,
    encoding: str = "utf-8",
) -> RawData:
    """Read files, plain or packed, or data frames.

    Args:
        interactions: a table with a header.
        triples: head, relation, tail, with or without a header; None: all facts are in `item_table`.
        item_links: item, entity, with or without a header. None: item ids are entity ids.
        user, item, rating, timestamp: columns of `interactions`. Timestamps are seconds, or a data frame's times.
        positive_at: a rating at or above it is a positive; None: every row is.
        unlinked_items: what becomes of an item without an entity, that is without a link, or without a triple where
            item ids are entity ids, and not in `item_table`: "keep" it as one without facts, "drop" its interactions,
            "refuse" the data.
        item_table: a table of facts of the items, beside the triples or alone.
        encoding: of all text files.

    Raises:
        InputError: one line that names file and line, or column.
    """
    rows, pairs = _read_interactions(interactions, ColumnsConfig(user, item, rating, timestamp), positive_at, encoding)
    table = None if item_table is None else _open(item_table.file or "", "item_table", encoding=encoding)
    facts = None if table is None or item_table is None else read_facts(table, item_table)
    graph = _no_triples() if triples is None else _open(triples, "triples", TRIPLE_COLUMNS, encoding=encoding)
    if item_links is None:
        links = _items_as_entities(pairs["item"], graph)
    else:
        named = {**LINK_COLUMNS, "item": ("item", _plain(item))}
        links = _open(item_links, "item_links", named, "entity", encoding)
        links = dataclasses.replace(links, frame=links.frame[links.frame["entity"] != ""])
    told = set(links.frame["item"]) if facts is None else {*links.frame["item"], *facts.rows["item"]}
    known = pairs["item"].isin(told)
    if unlinked_items == "refuse":
        _refuse_unlinked(rows, pairs["item"][~known], links.source)
    kept = pairs["item"] if unlinked_items == "keep" else pairs["item"][known]
    linked = link_items(kept, links.frame, graph.frame, None if facts is None else facts.rows)
    names = {} if facts is None else facts.names(linked.links)
    said = dict.fromkeys(line for one in (rows, table, graph, links) if one is not None for line in one.said)
    links, graph = RawTable(links.source, linked.links), RawTable(graph.source, linked.triples)
    raw = build_raw("files", pairs, graph, links, names)
    return dataclasses.replace(raw, report=(*said, *linked.report, *raw.report))


def _no_triples() -> RawTable:
    return RawTable("data.item_table", pd.DataFrame({name: [] for name in TRIPLE_COLUMNS}, dtype=object))


def read_interactions(
    source: Source, columns: ColumnsConfig, positive_at: float | None, encoding: str = "utf-8"
) -> pd.DataFrame:
    """Interactions alone, as `RawData` has them; repeats of a pair are left out."""
    _, pairs = _read_interactions(source, columns, positive_at, encoding)
    return one_row_per_pair(pairs)[0].reset_index(drop=True)


def _read_interactions(
    source: Source, columns: ColumnsConfig, positive_at: float | None, encoding: str
) -> tuple[RawTable, pd.DataFrame]:
    """The rows as they stand in the source, and user, item, positive, timestamp of them."""
    rows = _open(source, "interactions", encoding=encoding)
    pairs = rows.select("data.columns", user=columns.user, item=columns.item).frame.assign(positive=True)
    if positive_at is not None:
        if columns.rating is None:
            raise InputError(f"{rows.source}: expected the name of the rating column beside positive_at, found none")
        pairs["positive"] = rows.numbers(columns.rating, "data.columns.rating") >= positive_at
    if columns.timestamp is not None:
        pairs["timestamp"] = rows.seconds(columns.timestamp, "data.columns.timestamp")
    return rows, pairs


def _items_as_entities(items: pd.Series, graph: RawTable) -> RawTable:
    own = items.drop_duplicates()
    own = own[own.isin(pd.concat([graph.frame["head"], graph.frame["tail"]]))]
    return RawTable(graph.source, pd.DataFrame({"item": own, "entity": own}))


def _refuse_unlinked(rows: RawTable, unlinked: pd.Series, source: str) -> None:
    if len(unlinked):
        count = f"{unlinked.nunique():,} such items; data.unlinked_items: keep takes them without facts"
        found = f"found {unlinked.iloc[0]!r} ({count})"
        raise rows.error(unlinked.index[0], f"expected an item with an entity in {source}, {found}")


def _open(
    source: Source, role: str, columns: Columns | None = None, blank: str = "", encoding: str = "utf-8"
) -> RawTable:
    """Any supported source; `columns` are the wanted ones (`blank` may lack values), None takes the header as it is."""
    if isinstance(source, pd.DataFrame):
        table = table_from_frame(source, f"{role} (data frame)")
        return table if columns is None else _wanted(table, columns, blank)
    path = Path(source)
    kind = text_kind(path)
    if kind == ".parquet":
        table = table_from_parquet(path)
    elif kind not in SEPARATORS:
        wanted = f"a {', '.join(SEPARATORS)} or .parquet file, plain or packed ({', '.join(PACKED)})"
        raise InputError(f"{path}: expected {wanted}, found {path.suffix or 'no suffix'}")
    else:
        separator, first = look(path, SEPARATORS[kind], encoding)
        headless = columns is not None and not _header(first, columns)
        names = list(columns or ()) if headless else None
        table = stripped(read_table(path, separator, names, encoding=encoding, quoted=len(separator) == 1))
        if separator != SEPARATORS[kind]:
            table = dataclasses.replace(table, said=(f"{path}: separated by {separator!r}", *table.said))
    return table if columns is None else _wanted(table, columns, blank)


def _wanted(table: RawTable, columns: Columns, blank: str) -> RawTable:
    """The wanted columns: by name where the header is understood, else by place."""
    fields = list(table.frame.columns)
    if len(fields) < len(columns):
        raise InputError(f"{table.source}: expected columns {', '.join(columns)}, found {', '.join(fields)}")
    found = _header(fields, columns)
    others = iter([field for field in fields if field not in found.values()])
    chosen = {name: found.get(name) or next(others) for name in columns}
    filled = table.select(**{name: field for name, field in chosen.items() if name != blank})
    if not blank:
        return filled
    return dataclasses.replace(filled, frame=filled.frame.assign(**{blank: table.frame[chosen[blank]]}))


def _header(fields: Sequence[str], columns: Columns) -> dict[str, str]:
    """Wanted column -> field that means it. Empty unless at least half are there: then the line is no header."""
    plain = [_plain(field) for field in fields]
    found = {name: fields[plain.index(word)] for name, words in columns.items() for word in words if word in plain}
    return found if 2 * len(found) >= len(columns) else {}


def _plain(field: str) -> str:
    text = field.strip().lower().removeprefix(":").split(":")[0]
    return re.sub(r"(?<=.)_?(id|entity|type)$", "", text)
