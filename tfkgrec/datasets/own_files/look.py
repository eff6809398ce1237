"""What a text file of one's own is like, found by looking: how it is packed, what separates its fields."""

import dataclasses
from pathlib import Path

from tfkgrec.data.readers.tables import PACKED, RawTable, fields_of, first_lines

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
    """The separator, and the fields of the first line.

    The usual separator where it cuts every one of the first lines; else the one that cuts all of them into equally
    many fields.
    """
    lines = first_lines(path, encoding)
    separator = usual
    if not all(_width(line, usual) > 1 for line in lines):
        widths = {other: {_width(line, other) for line in lines} for other in OTHERS}
        separator = next((other for other, found in widths.items() if len(found) == 1 and min(found) > 1), usual)
    return separator, [field.strip() for field in fields_of(lines[0], separator)]


def _width(line: str, separator: str) -> int:
    """Number of fields; separators in quotes are none."""
    return len(fields_of(line.strip() if separator == " " else line, separator))


def stripped(table: RawTable) -> RawTable:
    """Without the blanks around fields and names of columns; said, where there were any."""
    frame = table.frame.rename(columns=lambda name: str(name).strip()).apply(lambda column: column.str.strip())
    if frame.equals(table.frame) and list(frame.columns) == list(table.frame.columns):
        return table
    said = f"{table.source}: blanks around fields were left out"
    return dataclasses.replace(table, frame=frame, said=(*table.said, said))
