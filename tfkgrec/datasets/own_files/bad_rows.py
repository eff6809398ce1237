"""Rows that cannot be read: few are set aside and told of, many refuse the file."""

from collections.abc import Iterable
from typing import NamedTuple

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.records import BadRow
from tfkgrec.errors import InputError


class BadRows(NamedTuple):
    """All of them, in the order of files and lines, and a line on those of each source, for people."""

    rows: tuple[BadRow, ...]
    report: tuple[str, ...]


def settle(tables: Iterable[RawTable], allowed: float) -> BadRows:
    """What was set aside of the tables.

    Args:
        allowed: which share of a source's rows may be.

    Raises:
        InputError: a source has more of them; the line is about its first.
    """
    rows: list[BadRow] = []
    report = []
    for table in tables:
        total, own = len(table.frame) + len(table.bad), sorted(table.bad, key=_line)
        if own and len(own) > allowed * total:
            count = f"{len(own):,} of {total:,} rows cannot be read" if total > 1 else "the only row cannot be read"
            limit = f"data.max_bad_rows is {allowed:g}"
            raise InputError(f"{own[0].place}: {own[0].problem} ({count}; {limit})")
        if own:
            first = f"the first is {own[0].place}: {own[0].problem}"
            report.append(f"left out: {len(own):,} of {total:,} rows that cannot be read; {first}")
        rows += own
    return BadRows(tuple(rows), tuple(report))


def _line(row: BadRow) -> tuple[str, int]:
    file, _, line = row.place.rpartition(":")
    return file, int(line)
