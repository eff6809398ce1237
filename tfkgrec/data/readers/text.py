"""Delimited text, plain or packed, read by Apache Arrow, with the line that every row begins on."""

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from tfkgrec.data.readers.packing import read_bytes
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.records import BadRow
from tfkgrec.errors import InputError
from tfkgrec.progress import Bar, shown

if TYPE_CHECKING:
    from _csv import Reader

BLOCK = 64 << 20  # bytes that Arrow reads at once; a row must fit
MARK = b"\xef\xbb\xbf"
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
BLANK = b" \t\r\n\f\v\x1c\x1d\x1e\x1f"  # as `str.strip` has it
END = "the end of the file"
LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Text:
    """A file's text as UTF-8, without a byte order mark; `lines_before` were left out above it.

    The path is a text where it is that of another filesystem than this machine's.
    """

    path: Path | str
    content: bytes
    lines_before: int = 0

    @classmethod
    def read(cls, path: Path, encoding: str = "utf-8") -> "Text":
        """Unpacked and in UTF-8; a file that says that it is UTF-16 is believed.

        Raises:
            InputError: missing, empty or damaged file, or not in this encoding.
        """
        return cls.of(path, read_bytes(path), encoding)

    @classmethod
    def of(cls, path: Path | str, content: bytes, encoding: str = "utf-8", lines_before: int = 0) -> "Text":
        """Of bytes that stand in a file below so many lines; raises as `read` does."""
        encoding = MARKS.get(content[:2], encoding)
        if not content.strip(BLANK):
            raise InputError(f"{path}: expected rows of text, found an empty file")
        if encoding.lower() in ("utf-8", "utf8") and content.isascii():  # needs no look at every letter
            return cls(path, content, lines_before)
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = lines_before + content.count(b"\n", 0, error.start) + 1
            found = f"found byte {content[error.start]:#x} (data.encoding)"
            raise InputError(f"{path}:{line}: expected {encoding} text, {found}") from None
        except LookupError:
            raise InputError(f"data.encoding: expected the name of an encoding, found {encoding!r}") from None
        if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
            content = text.encode()
        if not text.lstrip("\ufeff").strip():
            raise InputError(f"{path}: expected rows of text, found an empty file")
        while content.startswith(MARK):
            content = content.removeprefix(MARK)
        return cls(path, content, lines_before)

    @classmethod
    def parts(cls, path: Path | str, stream: BinaryIO, encoding: str = "utf-8", size: int = BLOCK) -> Iterator["Text"]:
        """A text that is too long to hold, in parts of some `size` bytes that end where a row ends.

        That a quote holds line ends is heeded. Text that is not UTF-8 comes in one part.
        """
        rest, lines = b"", 0
        while chunk := stream.read(size):
            content = rest + chunk
            if encoding.lower() not in ("utf-8", "utf8") or content[:2] in MARKS and not lines:
                rest = content + stream.read()
                break
            end = _end_of_rows(content)
            if content[:end].strip(BLANK):
                yield cls.of(path, content[:end], encoding, lines)
                lines += content.count(b"\n", 0, end)
                content = content[end:]
            rest = content
        if rest.strip(BLANK) or not lines:
            yield cls.of(path, rest, encoding, lines)

    def first_lines(self, count: int = 20) -> list[str]:
        """The first lines that are not blank."""
        lines = _beginning(self.content, newline=None)
        found = (line.rstrip("\n") for line in lines if line.strip())
        return [line for line, _ in zip(found, range(count), strict=False)]

    def first_rows(self, separator: str, count: int = 20) -> list[list[str]]:
        """The fields of the first rows, as this separator cuts them; no more than those before one that is no CSV."""
        lines = _beginning(self.content)
        cut: Iterable[list[str]]
        if len(separator) > 1:
            cut = (line.rstrip("\r\n").split(separator) for line in lines)
        elif separator == " ":  # those around a line separate nothing
            cut = csv.reader((line.strip(" ") for line in lines), delimiter=" ")
        else:
            cut = csv.reader(lines, delimiter=separator)
        rows: list[list[str]] = []
        with contextlib.suppress(csv.Error):
            for row in itertools.islice((row for row in cut if any(field.strip() for field in row)), count):
                rows.append([field.strip() for field in row])
        return rows

    def below(self, line: str) -> "Text":
        """Without everything down to a line, which is one of `first_lines`."""
        start = 0
        for number, end in enumerate(LINE_END.finditer(self.content), self.lines_before + 1):
            if self.content[start : end.start()] == line.encode():
                return Text(self.path, self.content[end.end() :], number)
            start = end.end()
        return Text(self.path, b"", self.lines_before)


def _end_of_rows(content: bytes) -> int:
    """Behind the last line end that stands in no quotes; 0 where there is none."""
    end = content.rfind(b"\n") + 1
    while end and content.count(b'"', 0, end) % 2:
        end = content.rfind(b"\n", 0, end - 1) + 1
    return end


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
) -> RawTable:
    """Read a public dataset's table, all of it as str; with a comma, fields may stand in quotes.

    Args:
        separator, columns, header: as in `parse`.

    Raises:
        InputError: missing, empty or damaged file; a line with too few or too many fields.
    """
    table = parse(Text.read(path, encoding), separator, columns, header, quoted=separator == ",")
    if table.bad:
        raise InputError(f"{table.bad[0].place}: {table.bad[0].problem}")
    return table


def parse(
    text: Text, separator: str, columns: Sequence[str] | None = None, header: bool = False, quoted: bool = True
) -> RawTable:
    """Every row as it stands, all of it as str. Blank lines are passed over; rows of another width are `bad`.

    Args:
        separator: one character, or MovieLens' `::`.
        columns: their names; None: the first line holds them.
        header: there is a first line to leave out although `columns` is given.
        quoted: fields may stand in double quotes, and then hold separators and line ends.

    Raises:
        InputError: no row, or a quote that nothing closes.
    """
    content, quoted = text.content, quoted and b'"' in text.content
    if len(separator) > 1:  # the parser takes one character only
        content, separator = content.replace(separator.encode(), b"\t"), "\t"
    if quoted:
        _refuse_open_quote(text, content, separator)
    first = 1 if header or columns is None else 0
    names = list(columns) if columns else _fields(content, separator, quoted)
    rows, wrong = _rows(text, content, separator, quoted, len(names))
    head = 0 if first and any(number == 1 for number, _, _ in wrong) else first  # a header of another width
    if len(rows) == head and len(wrong) <= first - head:
        raise InputError(f"{text.path}: expected rows below the header, found none")
    lines = text.lines_before + _lines(content, separator, quoted, len(rows) + len(wrong))
    ordinary = np.ones(len(lines), bool)
    ordinary[[number - 1 for number, _, _ in wrong]] = False
    wanted = f"{len(names)} fields" + (f" ({', '.join(columns)})" if columns else " as in the header")
    bad = tuple(
        BadRow(f"{text.path}:{lines[number - 1]}", f"expected {wanted}, found {width}", row.strip("\r\n"))
        for number, width, row in wrong
        if number > first and row.strip()
    )
    frame = rows.slice(head).to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=np.nan)}.get)
    frame.columns = pd.Index(_distinct(names), dtype=object)
    return RawTable(str(text.path), frame.set_index(pd.Index(lines[ordinary][head:])), bad=bad)


def _rows(
    text: Text, content: bytes, separator: str, quoted: bool, width: int
) -> tuple[pa.Table, list[tuple[int, int, str]]]:
    """All rows of this width, a header too, and of the others (number, counted from 1, fields, text)."""
    wrong: list[tuple[int, int, str]] = []

    def remember(row: arrow_csv.InvalidRow) -> str:
        wrong.append((row.number, row.actual_columns, row.text))
        return "skip"

    names = [str(place) for place in range(width)]
    try:
        with _watched(content, f"reading {Path(text.path).name}") as source:
            rows = arrow_csv.read_csv(
                source,
                read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=BLOCK),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=separator,
                    quote_char='"' if quoted else False,
                    newlines_in_values=quoted,
                    invalid_row_handler=remember,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), check_utf8=False
                ),
            )
    except pa.ArrowInvalid as error:  # nothing but line ends, or a row longer than a block
        raise InputError(f"{text.path}: expected rows of text, found: {str(error).splitlines()[0]}") from None
    return rows, wrong


@contextlib.contextmanager
def _watched(content: bytes, title: str) -> Iterator[pa.NativeFile]:
    """For Arrow to read from; with a bar where there is more than a block of it."""
    if len(content) <= BLOCK:
        yield pa.BufferReader(content)
        return
    bar = Bar(len(content) >> 20, "MB", title=title, ends=False)

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            bar.show(self.tell() >> 20)  # what was handed over before is read
            return super().read(size)

    with shown(bar):
        yield pa.PythonFile(Watched(content), mode="r")


def read_lines(path: Path, pattern: re.Pattern[str], wanted: str) -> list[tuple[str, ...]]:
    """The groups of `pattern` in every line, which must match as a whole; blank lines are passed over.

    Args:
        wanted: the pattern in words, for the message.
    """
    found = []
    for number, line in enumerate(Text.read(path).content.decode().replace("\r\n", "\n").split("\n"), 1):
        if line.strip():
            match = pattern.fullmatch(line)
            if match is None:
                raise InputError(f"{path}:{number}: expected {wanted}, found {line[:60]!r}")
            found.append(match.groups())
    return found


def _distinct(names: list[str]) -> list[str]:
    """Of columns that are called alike, all but the first get a number."""
    found: list[str] = []
    for name in names:
        found.append(name if name not in found else f"{name}.{found.count(name)}")
    return found


def _fields(content: bytes, separator: str, quoted: bool) -> list[str]:
    """The fields of the first row."""
    return next(row for row in _reader(_beginning(content), separator, quoted) if row)


def _beginning(content: bytes, newline: str | None = "") -> io.StringIO:
    """The text of the first megabyte: enough to see what a file is like."""
    return io.StringIO(content[: 1 << 20].decode(errors="ignore"), newline=newline)


def _reader(lines: Iterable[str], separator: str, quoted: bool) -> "Reader":
    return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)


def _lines(content: bytes, separator: str, quoted: bool, rows: int) -> np.ndarray:
    """The line on which every row begins, int [rows], counted from 1."""
    ended = content.count(b"\n") + (not content.endswith(b"\n"))
    lone = content.count(b"\r") - content.count(b"\r\n")
    if ended == rows and not lone:  # neither blank lines nor line ends in fields: each would be a line without a row
        return np.arange(1, rows + 1)
    if not quoted and b"\r" not in content:
        letters = np.frombuffer(content if content.endswith(b"\n") else content + b"\n", np.uint8)
        ends = np.flatnonzero(letters == ord("\n"))
        return np.flatnonzero(np.diff(ends, prepend=-1) > 1) + 1
    found, start = [], 1
    reader = _reader(io.StringIO(content.decode(), newline=""), separator, quoted)
    for row in reader:
        if row:
            found.append(start)
        start = reader.line_num + 1
    return np.array(found)


def _refuse_open_quote(text: Text, content: bytes, separator: str) -> None:
    """A quote that nothing closes would swallow all that follows it, without a word."""
    if content.count(b'"') % 2 == 0:
        return
    lines = itertools.chain(io.StringIO(content.decode(), newline=""), ["\n", END])
    reader, start, before, closed = _reader(lines, separator, quoted=True), 1, 0, False
    try:
        for row in reader:
            start, before, closed = before + 1, reader.line_num, row == [END]
    except csv.Error:  # a field without an end is longer than the reader takes
        start, closed = before + 1, False
    if not closed:
        line = text.lines_before + start
        raise InputError(f"{text.path}:{line}: expected a quote that ends, found one that nothing closes")
