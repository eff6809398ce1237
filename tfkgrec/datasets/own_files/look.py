"""What a text file of one's own is like, found by looking: what separates its fields, what stands above them."""

import itertools
import re
from typing import NamedTuple

from tfkgrec.data.readers.text import Text
from tfkgrec.errors import InputError

SEPARATORS = {".tsv": "\t", ".txt": "\t", ".dat": "::", ".inter": "\t", ".kg": "\t", ".link": "\t", ".item": "\t"}
"""Suffix -> what usually separates the fields of such a file; a comma for all others."""

OTHERS = ("\t", ";", ",", "|", "::", " ")
TRIPLE = re.compile(r"(<[^>]*>|_:\S+)\s+<[^>]*>\s+.+\.\s*")


class Look(NamedTuple):
    """A text as a table.

    Attributes:
        text: from the header, or the first row, on.
        separator: between its fields.
        fields: of its first line.
        rows_above: the whole number that stood above the rows alone, as OpenKE has it, or None.
        said: what was left out above, for people.
    """

    text: Text
    separator: str
    fields: list[str]
    rows_above: int | None = None
    said: tuple[str, ...] = ()

    @property
    def first_line(self) -> str:
        """The first line as it is, and what was taken to separate its fields, for messages."""
        line = self.text.first_lines(1)[0]
        return f"{line if len(line) <= 80 else line[:77] + '...'!r}, separated by {self.separator!r}"


def look(text: Text, suffix: str, separator: str | None = None) -> Look:
    """The table in a text.

    The usual separator of such files where it cuts every one of the first lines; else the one that cuts all of them
    into equally many fields. Left out above it: Excel's `sep=;`, lines that begin with "#", a count of the rows.
    """
    text, said = _table_alone(text, suffix, separator)
    above = text.first_lines(2)
    count = None
    if len(above) > 1 and above[0].strip().isdigit():
        below = text.below(above[0])
        if max(map(len, below.first_rows(separator or _separator(below, suffix), 1)), default=0) > 1:
            text, count = below, int(above[0])
    separator = separator or _separator(text, suffix)
    rows = text.first_rows(separator)
    if not rows:
        raise InputError(f"{text.path}: expected rows with fields, found none")
    return Look(text, separator, rows[0], count, said)


def _table_alone(text: Text, suffix: str, separator: str | None) -> tuple[Text, tuple[str, ...]]:
    """Without Excel's line and without comments; and what to say of them. A header may begin with "#", too."""
    lines = text.first_lines()
    if lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5 and len(lines) > 1:
        return text.below(lines[0]), ()
    comments = list(itertools.takewhile(lambda line: line.startswith("#"), lines))
    if not comments or len(comments) == len(lines):
        return text, ()
    rows = text.below(comments[-1])
    separator = separator or _separator(rows, suffix)
    if [len(comments[-1].split(separator))] == [len(row) for row in rows.first_rows(separator, 1)]:
        return text, ()
    return rows, (f"{text.path}: {len(comments)} lines with # above the table were left out",)


def is_ntriples(text: Text) -> bool:
    """Whether the first lines are RDF's `<subject> <predicate> object .`."""
    return all(line.startswith("#") or TRIPLE.fullmatch(line) for line in text.first_lines())


def has_lists(found: Look) -> bool:
    """Whether a line is a user and all of their items, as KGAT has it: whole numbers only, more or fewer of them."""
    lines = found.text.first_lines()
    rows = [line.split() for line in lines]
    return found.separator == " " and len({len(row) for row in rows}) > 1 and all(map(str.isdigit, sum(rows, [])))


def _separator(text: Text, suffix: str) -> str:
    usual = SEPARATORS.get(suffix, ",")
    widths = {one: {len(row) for row in text.first_rows(one)} for one in (usual, *OTHERS)}
    if min(widths[usual], default=0) > 1:
        return usual
    alike = (one for one in OTHERS if len(widths[one]) == 1 and min(widths[one]) > 1)
    some = (one for one in OTHERS if one != " " and min(widths[one], default=0) > 1)
    lists = " " if max(widths[" "], default=0) > 1 and widths[usual] == {1} else usual
    return next(alike, next(some, lists))
