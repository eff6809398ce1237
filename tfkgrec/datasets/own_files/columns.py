"""Which column is which: by the names that others use, by a key that names them, or by place."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pandas as pd

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.errors import InputError

Columns: TypeAlias = Mapping[str, Sequence[str]]
"""Our name -> words that headers use (letter case, a type after ":" and a final id, entity or type aside)."""

TRIPLES: Columns = {
    "head": ("head", "h", "subject", "source", "start", "from", "node1", "item"),
    "relation": ("relation", "r", "rel", "predicate", "property", "type", "edge", "label"),
    "tail": ("tail", "t", "object", "target", "end", "to", "node2", "value"),
}
LINKS: Columns = {"item": ("item",), "entity": ("entity",)}
USERS = ("user", "customer", "member", "reviewer", "visitor", "account", "person", "u")
ITEMS = ("item", "movie", "film", "book", "product", "article", "artist", "track", "song", "isbn", "asin", "i")
RATINGS = ("rating", "score", "stars", "overall", "weight", "count", "plays", "label")
TIMES = ("timestamp", "time", "date", "datetime", "when", "at", "created", "unixreviewtime")
NAMES: Columns = {"id": ("id", *ITEMS, "entity", *USERS), "name": ("name", "title", "label")}


def plain(field: str) -> str:
    """The word of a header's field: "userId", "user_id:token" and ":START_ID" are "user", "user" and "start"."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.strip()).lower().removeprefix(":").split(":")[0]
    return re.sub(r"(?<=.)[_ -]?(id|entity|type)$", "", text).replace("_", "").replace("-", "").replace(" ", "")


def known(fields: Sequence[str], columns: Columns) -> dict[str, str]:
    """Wanted column -> field that means it. Empty unless at least half are there: then the line is no header."""
    words = [plain(field) for field in fields]
    found = {name: fields[words.index(word)] for name, own in columns.items() for word in own if word in words}
    return found if 2 * len(found) >= len(columns) else {}


def numbered_by_pandas(fields: Sequence[str]) -> bool:
    """Whether these are the 0, 1, 2 that pandas writes above columns without names, its index perhaps before them."""
    return list(fields[fields[0] == "" :]) == [str(n) for n in range(len(fields) - (fields[0] == ""))]


def is_header(fields: Sequence[str], below: Sequence[Sequence[str]], source: str, key: str) -> bool:
    """Whether a first line of no known words is the header that pandas numbers.

    Raises:
        InputError: it may be either, for below it are whole numbers only.
    """
    if not numbered_by_pandas(fields):
        return False
    if fields[0] and below and all(field.isdigit() for row in below for field in row):
        found = f"found {', '.join(fields)}, which may be either"
        raise InputError(f"{source}:1: expected a header or the first row, {found}; {key} tells")
    return True


def wanted(table: RawTable, columns: Columns, blank: str = "", said: bool = False) -> RawTable:
    """The wanted columns: by name where the header is understood, else by place.

    Args:
        columns: theirs in order.
        blank: a column that may lack values.
        said: whether columns by place are told of.
    """
    fields = [name for name in table.frame.columns if name != ""] or list(table.frame.columns)
    if len(fields) < len(columns):
        raise InputError(f"{table.source}: expected columns {', '.join(columns)}, found {', '.join(fields)}")
    found = known(fields, columns)
    others = iter([field for field in fields if field not in found.values()])
    chosen = {name: found.get(name) or next(others) for name in columns}
    if said and not found:
        table = dataclasses.replace(table, said=(*table.said, _by_place(table.source, chosen)))
    return _filled(table, {name: table.frame[field] for name, field in chosen.items()}, chosen, blank)


def named(table: RawTable, names: Mapping[str, str | int], key: str) -> RawTable:
    """The columns that a setting names, or counts from 0, under our names; all of them filled."""
    frame = {}
    for new, name in names.items():
        if isinstance(name, int) and name >= table.frame.shape[1]:
            found = f"{table.frame.shape[1]} columns"
            raise InputError(f"{table.source}: expected a column {name}, from 0 ({key}.{new}), found {found}")
        frame[new] = table.frame.iloc[:, name] if isinstance(name, int) else _called(table, name, f"{key}.{new}")
    return _filled(table, frame, names)


def _filled(
    table: RawTable, frame: Mapping[str, pd.Series], called: Mapping[str, str | int], blank: str = ""
) -> RawTable:
    """These columns of the table, rows without a value set aside; `called` is what the source calls them."""
    table = dataclasses.replace(table, frame=pd.DataFrame(frame))
    for name, own in called.items():
        if name != blank:
            table = table.set_aside(name, (table.frame[name] == "").to_numpy(bool), "a value", own)
    return table


def _called(table: RawTable, name: str, key: str) -> pd.Series:
    """The column of this name, or of this name and RecBole's type, as in "user_id:token"."""
    typed = [field for field in table.frame.columns if field.partition(":")[0] == name]
    return table.column(typed[0] if name not in table.frame and len(typed) == 1 else name, key)


def _by_place(source: str, chosen: Mapping[str, str]) -> str:
    given = ", ".join(f"{name} is {field!r}" for name, field in chosen.items())
    return f"{source}: columns by place, as their names say nothing: {given}"
