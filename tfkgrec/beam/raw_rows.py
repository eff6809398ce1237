"""From files to rows of text by shard, and from these to one row for each pair; bad ones are set aside."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from tfkgrec.beam.plan import Plan
from tfkgrec.data.keyed import bucket, mix, text_keys
from tfkgrec.data.readers.frames import table_from_frame
from tfkgrec.data.readers.linking import one_row_per_pair
from tfkgrec.data.readers.packing import without_packing
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.text import Text
from tfkgrec.data.readers.times import in_microseconds, sizes
from tfkgrec.data.records import BadRow
from tfkgrec.datasets.own_files.columns import TRIPLES, Columns, named, wanted
from tfkgrec.datasets.own_files.read import by_place, labelled, names_of, repeats_of, wanted_time, without_bad_numbers
from tfkgrec.datasets.own_files.sources import How, open_table, tables_of
from tfkgrec.storage import local_copy, storage

ROWS_AT_ONCE = 1 << 20
WHOLE = (".jsonl", ".ndjson", ".json", ".ttl", ".n3", ".nt")  # read in one piece
STREAMED = ("", ".gz", ".bz2")  # packings that need no whole file


class Source(NamedTuple):
    """A file, and what it is one of: "interactions" or "triples"."""

    role: str
    file: str


def buckets(plan: Plan) -> tuple[int, int, int]:
    """The first bucket of triples, that of bad rows and that of counts; before them those of the users."""
    return plan.shards, 2 * plan.shards, 2 * plan.shards + 1


def cut(source: Source, plan: Plan) -> Iterator[tuple[int, pa.Table]]:
    """The rows of a file by bucket; what was set aside; and how many rows there were, with the sizes of their times."""
    triples, bad_rows, counted = buckets(plan)
    rows, times, kind = 0, np.zeros(4, np.int64), ""
    said: tuple[str, ...] = ()
    for table in _tables(source, plan):
        kind, said = kind or table.kind, said or table.said
        rows += len(table.frame)
        if table.bad:
            yield bad_rows, _table(pd.DataFrame(table.bad, columns=BadRow._fields).assign(role=source.role))
        if source.role == "triples":
            key, first = text_keys(table.frame["head"]), triples
        else:
            key, first = mix(text_keys(table.frame["user"]), plan.seed, "user"), 0
            if "timestamp" in table.frame:
                times += sizes(table.frame["timestamp"])
        frame = table.frame.assign(line=table.frame.index, file=source.file)
        yield from ((first + shard, _table(part)) for shard, part in frame.groupby(bucket(key, plan.shards)))
    told = {"role": source.role, "rows": rows, "kind": kind, "said": "\n".join(said), "sizes": times.tolist()}
    yield counted, pa.Table.from_pylist([told])


def put_together(number: int, tables: list[pa.Table], plan: Plan) -> None:
    """Keep a bucket's rows."""
    triples, bad_rows, counted = buckets(plan)
    what = {bad_rows: "bad", counted: "counts"}.get(number, "rows" if number < triples else "triples")
    shard = 0 if number >= bad_rows else number % plan.shards
    plan.save(what, shard, pa.concat_tables(tables, promote_options="permissive"))


def clean(shard: int, plan: Plan, unit: str | None) -> None:
    """Of a shard's rows: times read, in a unit, and one row for each pair; which items they are about."""
    frame = plan.saved("rows", shard)
    if frame is None:
        return
    names, time = names_of(plan.columns, plan.files.positive_at), None
    if unit is not None:
        time, wrong = in_microseconds(frame["timestamp"], unit)
        lost = frame[wrong].set_index(frame["file"][wrong] + ":" + frame["line"][wrong].astype(str))
        if len(lost):
            table = RawTable("", lost[list(names)])
            bad = table.set_aside("timestamp", np.ones(len(lost), bool), wanted_time(unit), names["timestamp"]).bad
            plan.save("bad times", shard, pd.DataFrame(bad, columns=BadRow._fields))
        frame, time = frame[~wrong], time[~wrong]
    pairs = labelled(frame, plan.files.positive_at)
    if time is not None:
        pairs["timestamp"] = time
    once, _ = one_row_per_pair(pairs, repeats_of(plan.files, plan.data.split_version))
    plan.save("pairs", shard, once)
    plan.save("items", shard, pd.DataFrame({"item": once["item"].unique()}))
    fine = time is not None and bool(np.any(time % 1_000_000))
    plan.note("clean", shard, rows=len(pairs), pairs=len(once), fine=fine)


def _tables(source: Source, plan: Plan) -> Iterator[RawTable]:
    """The tables of a file, part by part, with our columns and without bad rows."""
    how, columns = How(plan.files.encoding, plan.files.separator), plan.files.triple_columns
    if source.role == "triples" and columns is None:
        yield from _parts(source, TRIPLES, how)
        return
    if source.role == "triples":
        key, names = "data.triple_columns", {name: getattr(columns, name) for name in TRIPLES}
    else:
        key, names = "data.columns", names_of(plan.columns, plan.files.positive_at)
    for table in _parts(source, None, how._replace(places=by_place(names))):
        yield without_bad_numbers(named(table, names, key), names)


def _parts(source: Source, columns: Columns | None, how: How) -> Iterator[RawTable]:
    name = without_packing(source.file)
    suffix, packing = Path(name).suffix, source.file.lower().removeprefix(name)
    system, place = storage(source.file)
    if suffix in (".parquet", ".pq"):
        with system.open_input_file(place) as file:
            for table in _of_parquet(source.file, file):
                yield table if columns is None else wanted(table, columns)
    elif suffix in WHOLE or packing not in STREAMED:
        with local_copy(source.file) as copy:
            yield open_table(copy, source.role, columns, how=how)
    else:
        with system.open_input_stream(place, compression="detect") as stream:
            texts = Text.parts(source.file, stream, how.encoding)
            yield from tables_of(texts, suffix, source.role, columns, how)


def _of_parquet(source: str, file: pa.NativeFile) -> Iterator[RawTable]:
    """Rows counted from 1, over all parts."""
    before = 0
    for batch in pyarrow.parquet.ParquetFile(file).iter_batches(ROWS_AT_ONCE):
        batch.validate(full=True)  # damage that the lengths in the file do not show
        table = table_from_frame(pa.Table.from_batches([batch]), source)
        yield RawTable(source, table.frame.set_index(table.frame.index + before), kind="Parquet")
        before += len(table.frame)


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)
