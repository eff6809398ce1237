"""Tables of text that remember their lines, so that whatever is wrong with a row is told as file:line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec.data.records import BadRow
from tfkgrec.errors import InputError


@dataclass(frozen=True)
class RawTable:
    """Columns of str; the index of `frame` is the line (or row) number in `source`, counted from 1.

    Where the rows come from several files the index is "file:line".

    Attributes:
        said: what was recognised that is not plain from the file's name, for people.
        bad: rows that were set aside.
        kind: what the source was taken for, for people.
        first_line: of a text, as it is, and what was taken to separate its fields.
    """

    source: str
    frame: pd.DataFrame
    said: tuple[str, ...] = ()
    bad: tuple[BadRow, ...] = ()
    kind: str = ""
    first_line: str = ""

    def place(self, line: int | str) -> str:
        """Where a row is, by its label in the index."""
        return line if isinstance(line, str) else f"{self.source}:{line}"

    def error(self, line: int | str, problem: str) -> InputError:
        """An exception to raise about one line."""
        return InputError(f"{self.place(line)}: {problem}")

    def column(self, name: str, key: str = "") -> pd.Series:
        """The column `name`; `key` is the setting that named it, for the message."""
        if name not in self.frame:
            wanted = f"a column {name!r}" + (f" ({key})" if key else "")
            line = f" (its first line: {self.first_line})" if self.first_line else ""
            found = ", ".join(map(str, self.frame.columns))
            if self.first_line and any(str(field).isdigit() for field in self.frame.columns):
                line += "; where there is no header, columns are places from 0"
            raise InputError(f"{self.source}: expected {wanted}, found {found}{line}")
        return self.frame[name]

    def select(self, key: str = "", /, **columns: str) -> "RawTable":
        """The named columns under new names, every row filled: `select(user="userId")`; `key` as in `column`."""
        for new, name in columns.items():
            self._refuse(name, (self.column(name, f"{key}.{new}" if key else "") == "").to_numpy(bool), "a value")
        return replace(self, frame=pd.DataFrame({new: self.frame[name] for new, name in columns.items()}))

    def whole_numbers(self, *names: str) -> pd.DataFrame:
        """Id columns that hold digits only in this format; they stay text."""
        for name in names:
            self._refuse(name, ~self.column(name).str.isdigit().to_numpy(bool), "a whole number")
        return self.frame[list(names)]

    def numbers(self, name: str, key: str = "") -> np.ndarray:
        """A column as float64 [n]; every row must be a finite number."""
        parsed = as_numbers(self.column(name, key))
        self._refuse(name, ~np.isfinite(parsed), "a number")
        return parsed

    def unique(self, *names: str) -> None:
        """Refuse a value that occurs twice in a column."""
        for name in names:
            self._refuse(name, self.column(name).duplicated().to_numpy(), "a value not seen above")

    def set_aside(self, name: str, wrong: np.ndarray, expected: str, called: str | int = "") -> "RawTable":
        """Without the rows where `wrong` bool [n] holds, which go to `bad`: column `name` is not as `expected`.

        `called` is what the source calls the column.
        """
        if not wrong.any():
            return self
        rows = self.frame[wrong]
        texts = [",".join(row) for row in rows.itertuples(index=False, name=None)]
        found = [
            BadRow(self.place(line), _problem(called or name, value, expected), text)
            for line, value, text in zip(rows.index, rows[name], texts, strict=True)
        ]
        return replace(self, frame=self.frame[~wrong], bad=(*self.bad, *found))

    def _refuse(self, name: str, wrong: np.ndarray, expected: str) -> None:
        if wrong.any():
            row = int(wrong.argmax())
            raise self.error(self.frame.index[row], _problem(name, self.frame[name].iloc[row], expected))


def as_numbers(texts: pd.Series) -> np.ndarray:
    """float64 [n]; NaN where a text is no number."""
    try:  # five times quicker, where all are
        quick: np.ndarray = pa.array(texts).cast(pa.float64()).to_numpy(zero_copy_only=False)
        return quick
    except pa.ArrowInvalid:
        pass
    parsed: np.ndarray = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    return parsed


def one_below_the_other(source: str, tables: Sequence[RawTable]) -> RawTable:
    """The rows of several files with the same columns as one table.

    Raises:
        InputError: a file has other columns than the first one.
    """
    first, parts = tables[0], []
    for table in tables:
        if list(table.frame.columns) != list(first.frame.columns):
            wanted, found = (", ".join(map(str, one.frame.columns)) for one in (first, table))
            raise InputError(f"{table.source}: expected the columns of {first.source}, {wanted}, found {found}")
        parts.append(table.frame.set_index(pd.Index([table.place(line) for line in table.frame.index], dtype=object)))
    said = tuple(dict.fromkeys(line for table in tables for line in table.said))
    bad = tuple(row for table in tables for row in table.bad)
    return RawTable(source, pd.concat(parts), said, bad, f"{len(tables)} files, {first.kind}", first.first_line)


def _problem(name: str | int, value: str, expected: str) -> str:
    return f"expected {expected} in column {name!r}, found {repr(value) if value else 'nothing'}"
