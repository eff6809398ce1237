"""One's own data: interactions, triples, facts of items, links and names, from files, queries or data frames."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.linking import NO_TRIPLES, build_raw, one_row_per_pair
from tfkgrec.data.readers.tables import RawTable, as_numbers
from tfkgrec.data.readers.times import read_times
from tfkgrec.data.records import RawData
from tfkgrec.data.text_sets import stands_in
from tfkgrec.datasets.own_files.bad_rows import settle
from tfkgrec.datasets.own_files.columns import LINKS, NAMES, TRIPLES, named, plain
from tfkgrec.datasets.own_files.database import query
from tfkgrec.datasets.own_files.item_entities import link_items
from tfkgrec.datasets.own_files.item_table import Facts, read_facts
from tfkgrec.datasets.own_files.names import filled, names_of_entities
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings, ItemTable, TripleColumns
from tfkgrec.datasets.own_files.sources import AS_FOUND, How, Source, open_table
from tfkgrec.errors import InputError


def read(data: DataConfig, seed: int) -> RawData:
    """The files that `data` names; the seed has no say."""
    settings = data.source
    if not isinstance(settings, FilesSettings):
        raise InputError("data: expected interactions with dataset: files, found none")
    columns, table = settings.columns or ColumnsConfig(), settings.item_table
    interactions = _source(settings, "interactions")
    return read_files(
        "" if interactions is None else interactions,
        _source(settings, "triples"),
        _source(settings, "item_links"),
        test_interactions=_source(settings, "test_interactions"),
        user=columns.user,
        item=columns.item,
        rating=columns.rating,
        timestamp=columns.timestamp,
        weight=columns.weight,
        item_names=_source(settings, "item_names"),
        entity_names=_source(settings, "entity_names"),
        user_names=_source(settings, "user_names"),
        positive_at=settings.positive_at,
        unlinked_items=data.unlinked_items or "keep",
        item_table=table,
        item_table_source=None if table is None else _source(settings, "item_table"),
        triple_columns=settings.triple_columns,
        how=How(settings.encoding, settings.separator),
        max_bad_rows=settings.max_bad_rows,
        repeats=repeats_of(settings, data.split_version),
    )


def repeats_of(settings: FilesSettings | None, split_version: int) -> str | None:
    """What `one_row_per_pair` is to keep."""
    chosen = None if settings is None else settings.repeats
    return chosen or ("last" if split_version > 1 else None)


def _source(settings: FilesSettings, role: str) -> Source | None:
    """The query's rows, or the file."""
    text = (settings.queries or {}).get(role)
    if text is not None:
        return query(settings.database or "", role, text)
    found: Source | ItemTable | None = getattr(settings, role)
    return found.file if isinstance(found, ItemTable) else found


def read_files(
    interactions: Source,
    triples: Source | None,
    item_links: Source | None = None,
    *,
    test_interactions: Source | None = None,
    user: str | int = "user",
    item: str | int = "item",
    rating: str | int | None = None,
    timestamp: str | int | None = None,
    weight: str | int | None = None,
    positive_at: float | None = None,
    unlinked_items: str = "keep",
    item_table: ItemTable | None = None,
    item_table_source: Source | None = None,
    item_names: Source | None = None,
    entity_names: Source | None = None,
    user_names: Source | None = None,
    triple_columns: TripleColumns | None = None,
    how: How = AS_FOUND,
    max_bad_rows: float = 0.0,
    repeats: str | None = "last",
) -> RawData:
    """Read files, plain or packed, or data frames.

    Args:
        interactions: a table with a header, or with columns by place.
        triples: head, relation, tail, with or without a header; None: facts are in `item_table` alone, or nowhere.
        item_links: item, entity, with or without a header. None: item ids are entity ids.
        user, item, rating, timestamp, weight: columns of `interactions`.
        unlinked_items: what becomes of an item without a link, or without a triple where item ids are entity ids, and
            not in `item_table`: "keep" it as one without facts, "drop" its interactions, "refuse" the data.
        item_table_source: rows of the table; None: the file that `item_table` names.
        how: applies to text.
        repeats: as in `one_row_per_pair`.
        others: as the settings of these names in `FilesSettings`.

    Raises:
        InputError: one line that names file and line, or column.
    """
    columns = ColumnsConfig(user, item, rating, timestamp, weight)
    found = _read_interactions(interactions, columns, positive_at, how)
    if test_interactions is not None:
        found = _held_out(found, _read_interactions(test_interactions, columns, positive_at, how), repeats)
    graph = no_triples() if triples is None else read_triples(triples, triple_columns, how)
    around = Around(item, item_links, item_table, item_table_source, item_names, entity_names, user_names, how)
    return put_together(found, graph, around, unlinked_items, max_bad_rows, repeats)


class Around(NamedTuple):
    """What is known beside interactions and triples, as `read_files` has it."""

    item: str | int = "item"
    item_links: Source | None = None
    item_table: ItemTable | None = None
    item_table_source: Source | None = None
    item_names: Source | None = None
    entity_names: Source | None = None
    user_names: Source | None = None
    how: How = AS_FOUND


def put_together(
    found: "Interactions",
    graph: RawTable,
    around: Around,
    unlinked_items: str = "keep",
    max_bad_rows: float = 0.0,
    repeats: str | None = "last",
) -> RawData:
    """Interactions, triples and what is around them, linked, counted and told of; arguments as of `read_files`."""
    item, item_links, item_table, item_table_source, item_names, entity_names, user_names, how = around
    links = read_links(item_links, item, how) if item_links is not None else _same_ids(found.pairs["item"], graph)
    table, facts = _read_facts(item_table, item_table_source, how)
    names = _Names.read(item_names, entity_names, user_names, how)
    tables = [one for one in (*found.tables, graph, links, table, *names) if one is not None and one.kind]
    bad = settle(tables, max_bad_rows)
    raw = _linked(found, graph, links, facts, names, unlinked_items, repeats)
    said = dict.fromkeys(line for one in tables for line in one.said)
    return dataclasses.replace(
        raw,
        report=(*said, *bad.report, *found.report, *raw.report),
        sources=tuple(f"{one.source}: {one.kind}, {len(one.frame) + len(one.bad):,} rows" for one in tables),
        bad=bad.rows,
        times_per_second=found.times_per_second,
    )


class _Names(NamedTuple):
    items: RawTable | None
    entities: RawTable | None
    users: RawTable | None

    @classmethod
    def read(cls, items: Source | None, entities: Source | None, users: Source | None, how: How) -> "_Names":
        """Columns id, name of each, where it is there."""
        roles = (("item_names", items), ("entity_names", entities), ("user_names", users))
        return cls(*(one if one is None else open_table(one, role, NAMES, "name", how) for role, one in roles))


class Interactions(NamedTuple):
    """`pairs` with columns user, item, positive and perhaps timestamp, weight; `table` has the rows as they stand.

    Where a file of its own is held out: `pairs` has a column held_out, and `test` are the rows of that file.
    """

    table: RawTable
    pairs: pd.DataFrame
    times_per_second: int = 1
    test: RawTable | None = None
    report: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[RawTable, ...]:
        return (self.table,) if self.test is None else (self.table, self.test)


def read_interactions(
    source: Source,
    columns: ColumnsConfig,
    positive_at: float | None = None,
    how: How = AS_FOUND,
    max_bad_rows: float = 0.0,
    repeats: str | None = "last",
) -> tuple[Interactions, tuple[str, ...]]:
    """Interactions alone, repeats of a pair left out; and what to say of them."""
    found = _read_interactions(source, columns, positive_at, how)
    bad = settle([found.table], max_bad_rows)
    pairs, repeated = one_row_per_pair(found.pairs, repeats)
    return found._replace(pairs=pairs.reset_index(drop=True)), (*found.table.said, *bad.report, *repeated)


def _read_interactions(source: Source, columns: ColumnsConfig, positive_at: float | None, how: How) -> Interactions:
    names = names_of(columns, positive_at)
    how = how._replace(places=by_place(names))
    table = without_bad_numbers(named(open_table(source, "interactions", how=how), names, "data.columns"), names)
    per_second = 1
    if "timestamp" in names:
        times = read_times(table.frame["timestamp"])
        counted = pd.Series(times.time, index=table.frame.index)[~times.wrong]
        table = table.set_aside("timestamp", times.wrong, wanted_time(times.unit), names["timestamp"])
        per_second, table = times.per_second, with_times_said(table, times.unit)
    pairs = labelled(table.frame, positive_at)
    if "timestamp" in names:
        pairs["timestamp"] = counted
    return Interactions(table, pairs, per_second)


def names_of(columns: ColumnsConfig, positive_at: float | None) -> dict[str, str | int]:
    """Our name -> the column, of those that are there and read."""
    if positive_at is not None and columns.rating is None:
        raise InputError("data.positive_at: expected the name of the rating column beside it, found none")
    names = {name: column for name, column in dataclasses.asdict(columns).items() if column is not None}
    if positive_at is None:
        names.pop("rating", None)
    return names


def by_place(names: Mapping[str, str | int]) -> bool:
    """Whether columns are counted, so that there is no header."""
    return any(isinstance(column, int) for column in names.values())


def without_bad_numbers(table: RawTable, names: Mapping[str, str | int]) -> RawTable:
    """Rows whose rating or weight is none set aside."""
    if "rating" in names:
        table = table.set_aside("rating", ~np.isfinite(as_numbers(table.frame["rating"])), "a number", names["rating"])
    if "weight" in names:
        with np.errstate(over="ignore", under="ignore"):
            weights = as_numbers(table.frame["weight"]).astype(np.float32)
        wrong = ~(weights > 0) | ~np.isfinite(weights)
        table = table.set_aside("weight", wrong, "a number above 0", names["weight"])
    return table


def wanted_time(unit: str) -> str:
    """What is expected of a time, in words."""
    return f"a time in {unit}" if unit != "dates" else "an ISO date"


def with_times_said(table: RawTable, unit: str) -> RawTable:
    """The table, of whose kind it is told what its times are."""
    return dataclasses.replace(table, kind=f"{table.kind}, times {'as' if unit == 'dates' else 'in'} {unit}")


def labelled(rows: pd.DataFrame, positive_at: float | None) -> pd.DataFrame:
    """Columns user, item, positive, and weight where the rows have one."""
    pairs = rows[["user", "item"]].assign(positive=True)
    if positive_at is not None:
        pairs["positive"] = as_numbers(rows["rating"]) >= positive_at
    if "weight" in rows:
        pairs["weight"] = as_numbers(rows["weight"]).astype(np.float32)
    return pairs


def _held_out(known: Interactions, test: Interactions, repeats: str | None) -> Interactions:
    """Both below each other; a pair of both files is one that is known, and no test."""
    (pairs, said), (asked, told) = (one_row_per_pair(one.pairs, repeats) for one in (known, test))
    asked = asked.set_axis([test.table.place(line) for line in asked.index])
    in_both = pd.MultiIndex.from_frame(asked[["user", "item"]]).isin(pd.MultiIndex.from_frame(pairs[["user", "item"]]))
    if in_both.any():
        told = [*told, f"left out: {in_both.sum():,} pairs of {test.table.source} that {known.table.source} has"]
    per_second = max(known.times_per_second, test.times_per_second)
    for frame, own in ((pairs, known.times_per_second), (asked, test.times_per_second)):
        if "timestamp" in frame:
            frame["timestamp"] *= per_second // own
    both = pd.concat([pairs.assign(held_out=False), asked[~in_both].assign(held_out=True)])
    return Interactions(known.table, both, per_second, test.table, (*said, *told))


def read_triples(source: Source, columns: TripleColumns | None, how: How) -> RawTable:
    """Columns head, relation, tail; bad rows set aside."""
    if columns is not None:
        names = dataclasses.asdict(columns)
        how = how._replace(places=isinstance(columns.head, int))
        return named(open_table(source, "triples", how=how), names, "data.triple_columns")
    table = open_table(source, "triples", TRIPLES, how=how)
    said = (*_unlike_the_others(table), *_perhaps_in_another_order(table))
    return dataclasses.replace(table, said=(*table.said, *said))


def _unlike_the_others(table: RawTable) -> Iterator[str]:
    first = table.frame.iloc[0] if len(table.frame) > 2 and table.kind.endswith("no header") else {}
    if len(first) and all((table.frame[name] == text).sum() == 1 for name, text in first.items()):
        row = f"{table.source}: the first row, {' '.join(first)}, is like no other and taken for a triple"
        yield f"{row}; if it is a header, data.triple_columns tells which column is which"


def _perhaps_in_another_order(table: RawTable) -> Iterator[str]:
    relations, tails = table.frame["relation"].nunique(), table.frame["tail"].nunique()
    if relations > max(2 * tails, 5):
        wrong = f"{table.source}: {relations:,} relations lead to {tails:,} entities"
        yield f"{wrong}; if the columns are in another order, data.triple_columns tells which is which"


def _linked(
    found: Interactions,
    graph: RawTable,
    links: RawTable,
    facts: Facts | None,
    names: _Names,
    unlinked_items: str,
    repeats: str | None,
) -> RawData:
    """Items and entities one to one, and what goes with items that have no entity."""
    told = links.frame["item"] if facts is None else pd.concat([links.frame["item"], facts.rows["item"]])
    known = stands_in(found.pairs["item"], told)
    if unlinked_items == "refuse":
        _refuse_unlinked(found.table, found.pairs["item"][~known], links.source)
    kept = found.pairs["item"] if unlinked_items == "keep" else found.pairs["item"][known]
    linked = link_items(kept, links.frame, graph.frame, None if facts is None else facts.rows)
    called = {} if facts is None else facts.names(linked.links)
    called |= names_of_entities(linked.links, links.frame, names.items, names.entities)
    triples, own = RawTable(graph.source, linked.triples), RawTable(links.source, linked.links)
    raw = build_raw("files", found.pairs, triples, own, called, repeats=repeats)
    return dataclasses.replace(raw, report=(*linked.report, *raw.report), user_names=filled(names.users))


def read_links(source: Source, item: str | int, how: How) -> RawTable:
    """Columns item, entity, without blank entities; `item` is what the interactions call their column."""
    called = (*LINKS["item"], *([plain(item)] if isinstance(item, str) else []))
    links = open_table(source, "item_links", {**LINKS, "item": called}, "entity", how)
    return dataclasses.replace(links, frame=links.frame[links.frame["entity"] != ""])


def _read_facts(settings: ItemTable | None, source: Source | None, how: How) -> tuple[RawTable | None, Facts | None]:
    if settings is None:
        return None, None
    table = open_table(settings.file or "" if source is None else source, "item_table", how=how)
    return table, read_facts(table, settings)


def no_triples() -> RawTable:
    """No facts at all."""
    return RawTable(NO_TRIPLES, pd.DataFrame({name: [] for name in TRIPLES}, dtype="str"))


def _same_ids(items: pd.Series, graph: RawTable) -> RawTable:
    """Links of the items that are entities under their own ids."""
    own = items.drop_duplicates()
    own = own[stands_in(own, pd.concat([graph.frame["head"], graph.frame["tail"]]))]
    return RawTable(graph.source, pd.DataFrame({"item": own, "entity": own}))


def _refuse_unlinked(rows: RawTable, unlinked: pd.Series, source: str) -> None:
    if len(unlinked):
        count = f"{unlinked.nunique():,} such items; data.unlinked_items: keep takes them without facts"
        found = f"found {unlinked.iloc[0]!r} ({count})"
        raise rows.error(unlinked.index[0], f"expected an item with an entity in {source}, {found}")
