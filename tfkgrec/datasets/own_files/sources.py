"""From whatever a setting points to, to a table of text: files of every kind, folders, patterns, queries, frames."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pandas as pd

from tfkgrec.data.readers.frames import Frame, table_from_frame, table_from_json_lines, table_from_parquet
from tfkgrec.data.readers.packing import without_packing
from tfkgrec.data.readers.tables import RawTable, one_below_the_other
from tfkgrec.data.readers.text import Text, parse
from tfkgrec.datasets.own_files.columns import Columns, is_header, known, wanted
from tfkgrec.datasets.own_files.lines import keyed_lines, lists_of_items
from tfkgrec.datasets.own_files.look import Look, has_lists, is_ntriples, look
from tfkgrec.datasets.own_files.rdf import table_from_rdf
from tfkgrec.errors import InputError

Source: TypeAlias = str | Path | Frame | pd.DataFrame

NOT_READ = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "a workbook: save its sheet as CSV"),
    **dict.fromkeys((".pkl", ".pickle", ".npz", ".npy", ".h5", ".hdf5"), "arrays: save them as Parquet or CSV"),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), "a database: data.database and data.queries read it"),
}
MOST_FILES = 10_000  # in a folder of data: one of more is somebody's home
READ = "text with columns, .jsonl, .parquet, .nt or .ttl"


class How(NamedTuple):
    """How text is read, as the settings say; `places` are columns by number, so that there is no header."""

    encoding: str = "utf-8"
    separator: str | None = None
    places: bool = False


AS_FOUND = How()


def open_table(
    source: Source, role: str, columns: Columns | None = None, blank: str = "", how: How = AS_FOUND
) -> RawTable:
    """Any supported source.

    Args:
        source: a file, a folder of files, a pattern, or a data frame.
        role: which setting it is of, for messages.
        columns: the wanted ones, by name or place, with or without a header; `blank` may lack values. None: the header
            as it is (with `how.places`, numbers in its place).
        how: applies to text.

    Raises:
        InputError: one line.
    """
    if not isinstance(source, str | Path):
        table = dataclasses.replace(table_from_frame(source, f"{role} (data frame)"), kind="data frame")
        return table if columns is None else wanted(table, columns, blank, said=True)
    path = Path(source)
    parts = parts_of(path)
    tables = [_file(part, role, columns, blank, how) for part in parts]
    return tables[0] if parts == [path] else one_below_the_other(str(path), tables)


def parts_of(path: Path) -> list[Path]:
    """The files that a path stands for; a folder of Parquet is one source, as its folders may be columns."""
    if path.is_dir():
        files = (part for part in path.rglob("*") if part.is_file() and part.name[0] not in "._")
        inside = sorted(itertools.islice(files, MOST_FILES + 1))
        if len(inside) > MOST_FILES:
            raise InputError(f"{path}: expected {MOST_FILES:,} files at most in this folder, found more")
        if not inside:
            raise InputError(f"{path}: expected files in this folder, found none")
        return [path] if any(without_packing(part.name).endswith(".parquet") for part in inside) else inside
    if path.exists() or not any(letter in path.name for letter in "*?["):
        return [path]
    found = sorted(part for part in path.parent.glob(path.name) if part.name[0] not in "._")
    if not found:
        raise InputError(f"{path}: expected files of this pattern, found none")
    return found


def _file(path: Path, role: str, columns: Columns | None, blank: str, how: How) -> RawTable:
    suffix = Path(without_packing(path.name)).suffix
    if suffix in NOT_READ:
        raise InputError(f"{path}: expected {READ}, found {NOT_READ[suffix]}")
    if suffix in (".parquet", ".pq") or path.is_dir():
        table = dataclasses.replace(table_from_parquet(path), kind="Parquet")
    elif suffix in (".jsonl", ".ndjson", ".json"):
        table = dataclasses.replace(table_from_json_lines(path), kind="JSON")
    elif suffix in (".nt", ".ttl", ".n3"):
        table = table_from_rdf(Text.read(path, how.encoding), turtle=suffix != ".nt")
    else:
        return _delimited(Text.read(path, how.encoding), suffix, role, columns, blank, how)
    return table if columns is None else wanted(table, columns, blank, said=True)


def _delimited(text: Text, suffix: str, role: str, columns: Columns | None, blank: str, how: How) -> RawTable:
    if role == "triples":
        special: Callable[[Text], RawTable] | None = table_from_rdf if is_ntriples(text) else keyed_lines(text)
        if special is not None:
            return special(text)
    found = look(text, suffix, how.separator)
    if role == "interactions" and how.separator is None and has_lists(found):
        return lists_of_items(found.text)
    names, without = _names(found, role, columns, how)
    return _rows(found, found.text, names, without, columns, blank)


def _rows(
    found: Look, text: Text, names: list[str] | None, without: bool, columns: Columns | None, blank: str
) -> RawTable:
    """The rows of a text that looks as `found` does; `names` and `without` as of `_names`."""
    table = _stripped(parse(text, found.separator, names, header=without))
    kind = f"text separated by {found.separator!r}, {'no' if names and not without else 'a'} header"
    said = (*found.said, *table.said)
    table = dataclasses.replace(table, kind=kind, said=said, first_line=found.first_line)
    if columns is None:
        return table
    return wanted(table, columns, blank, said=names is None)


def tables_of(
    texts: Iterator[Text], suffix: str, role: str, columns: Columns | None = None, how: How = AS_FOUND
) -> Iterator[RawTable]:
    """A text that comes in parts, read as `open_table` reads it whole: the first part tells what it is like."""
    first = next(texts)
    table = _delimited(first, suffix, role, columns, "", how)
    yield table
    if not table.first_line:  # a thing and all that belongs to it on every line
        yield from (_delimited(text, suffix, role, columns, "", how) for text in texts)
        return
    found = look(first, suffix, how.separator)
    names, without = _names(found, role, columns, how)
    header = f"{found.text.first_lines(1)[0]}\n".encode() if without or names is None else b""
    for text in texts:
        below = Text(text.path, header + text.content, text.lines_before - bool(header))
        yield _rows(found, below, names, without, columns, "")


def _names(found: Look, role: str, columns: Columns | None, how: How) -> tuple[list[str] | None, bool]:
    """The columns' names, None where the first line holds them; and whether the first line is to be left out."""
    source, fields = str(found.text.path), found.fields
    if how.places:
        return [str(place) for place in range(len(fields))], _is_above_numbers(found)
    if columns is None:
        return None, False
    if found.rows_above is not None and role == "triples":  # OpenKE's order
        return ["head", "tail", "relation"], False
    below = found.text.first_rows(found.separator)[1:]
    if known(fields, columns) or is_header(fields, below, source, "data.triple_columns"):
        return None, False
    return list(columns), False


def _is_above_numbers(found: Look) -> bool:
    """Whether a first line without any number stands above lines with numbers, as a header would."""
    rows = found.text.first_rows(found.separator)
    numbers = [any(field.replace(".", "", 1).isdigit() for field in row) for row in rows]
    return len(rows) > 1 and not numbers[0] and all(numbers[1:])


def _stripped(table: RawTable) -> RawTable:
    """Without the blanks around fields and names of columns; said, where there were any."""
    frame = table.frame.rename(columns=lambda name: str(name).strip()).apply(lambda column: column.str.strip())
    if frame.equals(table.frame) and list(frame.columns) == list(table.frame.columns):
        return table
    said = f"{table.source}: blanks around fields were left out"
    return dataclasses.replace(table, frame=frame, said=(*table.said, said))
