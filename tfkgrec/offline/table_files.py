"""Tables as files, by their suffix: Parquet, CSV or JSON lines, written batch by batch."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tfkgrec.errors import InputError
from tfkgrec.files import check_folder, write_aside

DIGITS = 7
"""Of float32, after the point, where a number is written as text."""


class Writer(Protocol):
    """What takes one table after the other."""

    def write_table(self, table: pa.Table) -> None: ...


class _JsonLines:
    """An object on every line, as pandas and Spark read it."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write_table(self, table: pa.Table) -> None:
        text = table.to_pandas().to_json(orient="records", lines=True, force_ascii=False, double_precision=DIGITS)
        self._file.write(text)

    def __enter__(self) -> "_JsonLines":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


WRITERS: dict[str, Callable[[Path, pa.Schema], AbstractContextManager[Writer]]] = {
    ".parquet": pyarrow.parquet.ParquetWriter,
    ".csv": pyarrow.csv.CSVWriter,
    ".jsonl": _JsonLines,
}


def check_output(path: Path, key: str = "--output") -> None:
    """Raise `InputError`, before any work, for a file that cannot be written here."""
    if path.suffix not in WRITERS:
        raise InputError(f"{key}: expected a file that ends in {', '.join(WRITERS)}, found {path}")
    if path.is_dir():
        raise InputError(f"{key}: expected a file name, found a folder, {path}")
    check_folder(path.parent)


def write_tables(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write one file in one piece, by its suffix, with no more than one of `tables` in memory."""

    def write(aside: Path) -> None:
        with WRITERS[path.suffix](aside, schema) as writer:
            for table in tables:
                writer.write_table(table)

    write_aside(path, write)
