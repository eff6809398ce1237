"""Layouts of one line for a thing and all that belongs to it: KGAT's users, RKGE's films."""

import re
from collections.abc import Callable

import pandas as pd

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.text import Text
from tfkgrec.data.records import BadRow

KEYED = re.compile(r"id:([^|]+)((?:\|\w+:[^|]*)+)")


def lists_of_items(text: Text) -> RawTable:
    """KGAT's layout: a user and their items on a line, blanks between them. Columns `user`, `item`."""
    rows = pd.Series(text.content.decode().splitlines(), dtype="str").str.split()
    rows.index = pd.RangeIndex(text.lines_before + 1, text.lines_before + len(rows) + 1)
    rows = rows[rows.str.len() > 0]
    pairs = pd.DataFrame({"user": rows.str[0], "item": rows.str[1:]})
    alone = pairs[pairs["item"].str.len() == 0]
    bad = tuple(
        BadRow(f"{text.path}:{line}", "expected items behind the user, found none", user)
        for line, user in alone["user"].items()
    )
    pairs = pairs.drop(alone.index).explode("item").astype("str")
    return RawTable(str(text.path), pairs, bad=bad, kind="a user and their items on every line")


def keyed_lines(text: Text) -> Callable[[Text], RawTable] | None:
    """What reads RKGE's layout, `id:7|genre:war,drama|director:...`, where the text is in it."""
    lines = text.first_lines()
    return _keyed if all(KEYED.fullmatch(line.strip()) for line in lines) else None


def _keyed(text: Text) -> RawTable:
    """Columns `head` (the id), `relation` (a key), `tail` ("key:value", for each of its values)."""
    rows, bad = [], []
    for number, line in enumerate(text.content.decode().splitlines(), text.lines_before + 1):
        found = KEYED.fullmatch(line.strip())
        if found is None:
            if line.strip():
                bad.append(BadRow(f"{text.path}:{number}", "expected id:..|key:values|key:values", line))
            continue
        for field in found[2].strip("|").split("|"):
            key, _, values = field.partition(":")
            rows += [
                (number, found[1].strip(), key, f"{key}:{one.strip()}") for one in values.split(",") if one.strip()
            ]
    frame = pd.DataFrame(rows, columns=["line", "head", "relation", "tail"]).set_index("line")
    kind = "a thing and its facts on every line, id:..|key:values"
    return RawTable(str(text.path), frame.astype("str"), bad=tuple(bad), kind=kind)
