"""One's own data: interactions and triples as CSV, TSV, Parquet or data frames."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import pandas as pd

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.frames import table_from_frame, table_from_parquet
from tfkgrec.data.readers.linking import build_raw, one_row_per_pair
from tfkgrec.data.readers.tables import RawTable, first_fields, read_table
from tfkgrec.data.records import RawData
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings
from tfkgrec.errors import InputError

Source: TypeAlias = str | Path | pd.DataFrame
Columns: TypeAlias = Mapping[str, Sequence[str]]  # our name -> words that headers use
SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}

# What headers call the columns (letter case, a type after ":" and a final "id" aside), by our own names.
TRIPLE_COLUMNS = {
    "head": ("head", "h", "subject", "source"),
    "relation": ("relation", "r", "predicate", "property"),
    "tail": ("tail", "t", "object", "target"),
}
LINK_COLUMNS = {"item": ("item",), "entity": ("entity",)}


def read(data: DataConfig, seed: int) -> RawData:
    """The files that `data` names; the seed has no say."""
    settings = data.source
    if not isinstance(settings, FilesSettings) or settings.interactions is None or settings.triples is None:
        raise InputError("data: expected interactions and triples with dataset: files, found none")
    return read_files(
        settings.interactions,
        settings.triples,
        settings.item_links,
        **({} if settings.columns is None else dataclasses.asdict(settings.columns)),
        positive_at=settings.positive_at,
        unlinked_items="drop" if data.unlinked_items == "drop" else "error",
    )


def read_files(
    interactions: Source,
    triples: Source,
    item_links: Source | None = None,
    *,
    user: str = "user",
    item: str = "item",
    rating: str | None = None,
    timestamp: str | None = None,
    positive_at: float | None = None,
    unlinked_items: Literal["error", "drop"] = "error",
) -> RawData:
    """Read files (plain or .gz) or data frames.

    Args:
        interactions: a table with a header.
        triples: head, relation, tail, with or without a header.
        item_links: item, entity, with or without a header. None: item ids are entity ids.
        user, item, rating, timestamp: columns of `interactions`. Timestamps are seconds, or a data frame's times.
        positive_at: a rating at or above it is a positive; None: every row is.
        unlinked_items: what to do with interactions of an item without an entity, that is without a link, or without a
            triple where item ids are entity ids.

    Raises:
        InputError: one line that names file and line, or column.
    """
    rows, pairs = _read_interactions(interactions, ColumnsConfig(user, item, rating, timestamp), positive_at)
    graph = _open(triples, "triples", TRIPLE_COLUMNS)
    if item_links is None:
        links = _items_as_entities(pairs["item"], graph)
    else:
        links = _open(item_links, "item_links", {**LINK_COLUMNS, "item": ("item", _plain(item))})
    if unlinked_items == "error":
        _refuse_unlinked(rows, pairs["item"], links)
    return build_raw("files", pairs, graph, links)


def read_interactions(source: Source, columns: ColumnsConfig, positive_at: float | None) -> pd.DataFrame:
    """Interactions alone, as `RawData` has them; repeats of a pair are left out."""
    _, pairs = _read_interactions(source, columns, positive_at)
    return one_row_per_pair(pairs)[0].reset_index(drop=True)


def _read_interactions(
    source: Source, columns: ColumnsConfig, positive_at: float | None
) -> tuple[RawTable, pd.DataFrame]:
    """The rows as they stand in the source, and user, item, positive, timestamp of them."""
    rows = _open(source, "interactions")
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


def _refuse_unlinked(rows: RawTable, items: pd.Series, links: RawTable) -> None:
    unlinked = items[~items.isin(links.frame["item"])]
    if len(unlinked):
        found = f"found {unlinked.iloc[0]!r} ({unlinked.nunique():,} such items; data.unlinked_items: drop omits them)"
        raise rows.error(unlinked.index[0], f"expected an item with an entity in {links.source}, {found}")


def _open(source: Source, role: str, columns: Columns | None = None) -> RawTable:
    """Any supported source; `columns` are the wanted ones, and None takes the header as it is."""
    if isinstance(source, pd.DataFrame):
        table = table_from_frame(source, f"{role} (data frame)")
        return table if columns is None else _wanted(table, columns)
    path = Path(source)
    kind = Path(path.name.removesuffix(".gz")).suffix
    if kind == ".parquet":
        table = table_from_parquet(path)
    elif kind not in SEPARATORS:
        raise InputError(f"{path}: expected a .csv, .tsv, .txt or .parquet file, found {path.suffix or 'no suffix'}")
    else:
        headless = columns is not None and not _header(first_fields(path, SEPARATORS[kind]), columns)
        table = read_table(path, SEPARATORS[kind], list(columns or ()) if headless else None)
    return table if columns is None else _wanted(table, columns)


def _wanted(table: RawTable, columns: Columns) -> RawTable:
    """The wanted columns: by name where the header is understood, else by place."""
    fields = list(table.frame.columns)
    if len(fields) < len(columns):
        raise InputError(f"{table.source}: expected columns {', '.join(columns)}, found {', '.join(fields)}")
    found = _header(fields, columns)
    others = iter([field for field in fields if field not in found.values()])
    return table.select(**{name: found.get(name) or next(others) for name in columns})


def _header(fields: Sequence[str], columns: Columns) -> dict[str, str]:
    """Wanted column -> field that means it. Empty unless at least half are there: then the line is no header."""
    plain = [_plain(field) for field in fields]
    found = {name: fields[plain.index(word)] for name, words in columns.items() for word in words if word in plain}
    return found if 2 * len(found) >= len(columns) else {}


def _plain(field: str) -> str:
    return re.sub(r"_?id$", "", field.split(":")[0].strip().lower())
