"""Tables of text that remember their lines, so that whatever is wrong with a row is told as file:line."""

import bz2
import contextlib
import csv
import gzip
import io
import itertools
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tfkgrec.errors import InputError


@dataclass(frozen=True)
class RawTable:
    """Columns of str; the index of `frame` is the line (or row) number in `source`, counted from 1.

    `said` is what was recognised that is not plain from the file's name, for people.
    """

    source: str
    frame: pd.DataFrame
    said: tuple[str, ...] = ()

    def error(self, line: int, problem: str) -> InputError:
        """An exception to raise about one line."""
        return InputError(f"{self.source}:{line}: {problem}")

    def column(self, name: str, key: str = "") -> pd.Series:
        """The column `name`; `key` is the setting that named it, for the message."""
        if name not in self.frame:
            wanted = f"a column {name!r}" + (f" ({key})" if key else "")
            raise InputError(f"{self.source}: expected {wanted}, found {', '.join(map(str, self.frame.columns))}")
        return self.frame[name]

    def select(self, key: str = "", /, **columns: str) -> "RawTable":
        """The named columns under new names, every row filled: `select(user="userId")`; `key` as in `column`."""
        for new, name in columns.items():
            self._refuse(name, (self.column(name, f"{key}.{new}" if key else "") == "").to_numpy(bool), "a value")
        return RawTable(self.source, pd.DataFrame({new: self.frame[name] for new, name in columns.items()}), self.said)

    def whole_numbers(self, *names: str) -> pd.DataFrame:
        """Id columns that hold digits only in this format; they stay text."""
        for name in names:
            self._refuse(name, ~self.column(name).str.isdigit().to_numpy(bool), "a whole number")
        return self.frame[list(names)]

    def numbers(self, name: str, key: str = "") -> np.ndarray:
        """A column as float64 [n]; every row must be a finite number."""
        parsed: np.ndarray = pd.to_numeric(self.column(name, key), errors="coerce").to_numpy(np.float64)
        self._refuse(name, ~np.isfinite(parsed), "a number")
        return parsed

    def seconds(self, name: str, key: str = "") -> np.ndarray:
        """A column of times as int64 [n]; what a 64-bit number does not hold is no time."""
        parsed = self.numbers(name, key)
        self._refuse(name, np.abs(parsed) >= 2.0**63, "a time in seconds")
        return parsed.astype(np.int64)

    def unique(self, *names: str) -> None:
        """Refuse a value that occurs twice in a column."""
        for name in names:
            self._refuse(name, self.column(name).duplicated().to_numpy(), "a value not seen above")

    def _refuse(self, name: str, wrong: np.ndarray, expected: str) -> None:
        if wrong.any():
            row = int(wrong.argmax())
            value = self.frame[name].iloc[row]
            found = repr(value) if value else "nothing"
            raise self.error(self.frame.index[row], f"expected {expected} in column {name!r}, found {found}")


def find(folder: Path, name: str) -> Path:
    """`folder/name` or `folder/name.gz`, whichever is there."""
    path = find_optional(folder, name)
    if path is None:
        raise InputError(f"{folder / name}: expected this file, plain or .gz, found none")
    return path


def find_optional(folder: Path, name: str) -> Path | None:
    """As `find`; None when neither is there."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def read_table(
    path: Path,
    separator: str = "\t",
    columns: Sequence[str] | None = None,
    header: bool = False,
    encoding: str = "utf-8",
    quoted: bool | None = None,
) -> RawTable:
    """Read delimited text, plain or packed, all of it as str. Blank lines are passed over.

    Args:
        separator: one character, or MovieLens' `::`.
        quoted: fields may stand in double quotes; None: with a comma they may.
        columns: their names; None: the first line holds them.
        header: there is a first line to leave out although `columns` is given.

    Raises:
        InputError: missing, empty or damaged file; a line with too few or too many fields.
    """
    content, quoted = _read_text(path, encoding), separator == "," if quoted is None else quoted
    if not (quoted and b'"' in content):  # else it may be a field's own
        content = content.replace(b"\r\n", b"\n")
    if len(separator) > 1:  # the fast parser takes one character only
        content, separator = content.replace(separator.encode(), b"\t"), "\t"
    lines, widths = _measure(content, separator, quoted and b'"' in content, path, encoding)
    first = 1 if header or columns is None else 0
    width = int(widths[0]) if columns is None else len(columns)
    if first == len(lines):
        raise InputError(f"{path}: expected rows below the header, found none")
    for row in first + np.flatnonzero(widths[first:] != width)[:1]:
        wanted = f"{width} fields" + (f" ({', '.join(columns)})" if columns else " as in the header")
        raise InputError(f"{path}:{lines[row]}: expected {wanted}, found {widths[row]}")
    frame = pd.read_csv(
        io.BytesIO(content),
        sep=separator,
        header=0 if first else None,
        names=columns,
        dtype=str,
        na_filter=False,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        encoding=encoding,
    )
    return RawTable(str(path), frame.set_index(pd.Index(lines[first:])))


def first_rows(path: Path, separators: Iterable[str], encoding: str = "utf-8") -> dict[str, list[list[str]]]:
    """Separator -> the fields of the first rows, as it cuts them; blank rows are left out."""
    content = _read_text(path, encoding)
    return {separator: _first_rows(content, separator, encoding) for separator in separators}


def _first_rows(content: bytes, separator: str, encoding: str, count: int = 20) -> list[list[str]]:
    """No more than those before one that is no CSV with this separator."""
    lines = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    found: Iterable[list[str]]
    if len(separator) > 1:
        found = (line.rstrip("\r\n").split(separator) for line in lines)
    elif separator == " ":  # those around a line separate nothing
        found = csv.reader((line.strip(" ") for line in lines), delimiter=" ")
    else:
        found = csv.reader(lines, delimiter=separator)
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        for row in itertools.islice((row for row in found if any(field.strip() for field in row)), count):
            rows.append(row)
    return rows


def read_lines(path: Path, pattern: re.Pattern[str], wanted: str) -> list[tuple[str, ...]]:
    """The groups of `pattern` in every line, which must match as a whole; blank lines are passed over.

    Args:
        wanted: the pattern in words, for the message.
    """
    found = []
    for number, line in enumerate(_read_text(path, "utf-8").decode().replace("\r\n", "\n").split("\n"), 1):
        if line.strip():
            match = pattern.fullmatch(line)
            if match is None:
                raise InputError(f"{path}:{number}: expected {wanted}, found {line[:60]!r}")
            found.append(match.groups())
    return found


def _unzip(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [one for one in archive.namelist() if not one.endswith("/") and not one.startswith("__MACOSX/")]
        if len(names) != 1:
            raise zipfile.BadZipFile
        return archive.read(names[0])


PACKED: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    ".gz": (b"\x1f\x8b", gzip.decompress),
    ".bz2": (b"BZh", bz2.decompress),
    ".xz": (b"\xfd7zXZ\x00", lzma.decompress),
    ".zip": (b"PK\x03\x04", _unzip),
}
"""Suffix -> first bytes of such a file, and what unpacks it; a zip holds one file."""


def _unpack(path: Path) -> bytes:
    """The file's bytes, unpacked if its first bytes (or its name) say that it is packed."""
    content, named = path.read_bytes(), path.suffix.lower()
    for suffix, (magic, unpack) in PACKED.items():
        if named == suffix or content.startswith(magic):
            try:
                return unpack(content)
            except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile):
                kind = {".gz": "whole gzip file", ".zip": "zip of one file"}.get(suffix, f"whole {suffix[1:]} file")
                raise InputError(f"{path}: expected a {kind}, found a truncated or damaged one") from None
    return content


def _read_text(path: Path, encoding: str) -> bytes:
    try:
        content = _unpack(path)
    except FileNotFoundError:
        raise InputError(f"{path}: expected this file, found none") from None
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, found: {error.strerror}") from None
    if not content.strip():
        raise InputError(f"{path}: expected rows of text, found an empty file")
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"found byte {content[error.start]:#x} (data.encoding)"
        raise InputError(f"{path}:{line}: expected {encoding} text, {found}") from None
    except LookupError:
        raise InputError(f"data.encoding: expected the name of an encoding, found {encoding!r}") from None
    return content.removeprefix(b"\xef\xbb\xbf")


def _measure(content: bytes, separator: str, quoted: bool, path: Path, encoding: str) -> tuple[np.ndarray, np.ndarray]:
    """Line number and number of fields of every line that is not blank, int [n] each."""
    if quoted:  # a quoted field may hold separators and line ends: count with a real parser
        return _measure_quoted(content.decode(encoding), separator, path)
    letters = np.frombuffer(content if content.endswith(b"\n") else content + b"\n", np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    widths = 1 + np.diff(np.searchsorted(np.flatnonzero(letters == ord(separator)), ends), prepend=0)
    kept = np.flatnonzero(np.diff(ends, prepend=-1) > 1)
    return kept + 1, widths[kept]


def _measure_quoted(text: str, separator: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found, start = [], 1
    try:
        for row in reader:
            if row:
                found.append((start, len(row)))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}:{start}: expected delimited text, found: {error}") from None
    lines, widths = np.array(found).T
    return lines, widths
