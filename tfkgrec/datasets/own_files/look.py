"""What a text file of one's own is like, found by looking: how it is packed, what separates its fields."""

import dataclasses
from pathlib import Path

from tfkgrec.data.readers.tables import PACKED, RawTable, first_rows

SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t", ".dat": "::", ".inter": "\t", ".kg": "\t", ".link": "\t"}
"""Suffix -> what usually separates the fields of such a file."""

OTHERS = ("\t", ";", ",", "|", "::", " ")


def text_kind(path: Path) -> str:
    """The suffix in small letters, without that of what packs the file: "ratings.CSV.gz" is ".csv"."""
    name = path.name.lower()
    for packing in PACKED:
        name = name.removesuffix(packing)
    return Path(name).suffix


def look(path: Path, usual: str, encoding: str) -> tuple[str, list[str]]:
    """The separator, and the fields of the first row.

    The usual separator where it cuts every one of the first rows; else the one that cuts all of them into equally
    many fields.
    """
    rows = first_rows(path, {usual, *OTHERS}, encoding)
    widths = {separator: {len(fields) for fields in found} for separator, found in rows.items()}
    separator = usual
    if min(widths[usual], default=0) < 2:
        separator = next((other for other, found in widths.items() if len(found) == 1 and min(found) > 1), usual)
    return separator, [field.strip() for field in next(iter(rows[separator]), [])]


def stripped(table: RawTable) -> RawTable:
    """Without the blanks around fields and names of columns; said, where there were any."""
    frame = table.frame.rename(columns=lambda name: str(name).strip()).apply(lambda column: column.str.strip())
    if frame.equals(table.frame) and list(frame.columns) == list(table.frame.columns):
        return table
    said = f"{table.source}: blanks around fields were left out"
    return dataclasses.replace(table, frame=frame, said=(*table.said, said))
