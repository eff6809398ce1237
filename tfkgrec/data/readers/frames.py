"""Data frames, Parquet and JSON lines as the `RawTable` of text that the readers work on."""

import json
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
from pyarrow import types

from tfkgrec.data.readers.packing import read_bytes
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.records import BadRow
from tfkgrec.errors import InputError


class Frame(Protocol):
    """A data frame of any library that hands over Arrow's format: pandas, polars, DuckDB, Arrow itself."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


def table_from_frame(frame: Frame | pd.DataFrame, source: str) -> RawTable:
    """Every column as text; row numbers count from 1; missing values become the empty string."""
    if isinstance(frame, pd.DataFrame):
        try:
            columns = [_array(frame[name]) for name in frame.columns]
        except UnicodeEncodeError as error:
            raise InputError(f"{source}: expected text that UTF-8 can hold, found {error.object[:60]!a}") from None
        return _table(pa.table(columns, names=[str(name) for name in frame.columns]), source)
    return _table(pa.table(frame), source)


def table_from_parquet(path: Path) -> RawTable:
    """Read a Parquet file, or a folder of them as Spark and Hive write them, `key=value` folders as columns."""
    if not path.exists():
        raise InputError(f"{path}: expected this file, found none")
    try:
        found = pyarrow.dataset.dataset(path, format="parquet", partitioning=_partitioning(path)).to_table()
        found.validate(full=True)  # damage that the file's own lengths do not show
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path}: expected a Parquet file, found: {str(error).splitlines()[0]}") from None
    return _table(found, str(path))


def _partitioning(path: Path) -> pyarrow.dataset.Partitioning:
    """`key=value` folders as columns of text: Arrow would take "007" for 7."""
    inside = (part.relative_to(path) for part in path.rglob("*")) if path.is_dir() else ()
    keys = dict.fromkeys(step.partition("=")[0] for part in inside for step in part.parts if "=" in step)
    return pyarrow.dataset.partitioning(pa.schema([(key, pa.string()) for key in keys]), flavor="hive")


def table_from_json_lines(path: Path) -> RawTable:
    """An object on every line, or a list of objects; numbers stay as they are written, what is missing is empty."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected JSON, found byte {error.object[error.start]:#x}") from None
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    bad: list[BadRow] = []
    for line, content in _objects(path, text):
        if isinstance(content, dict) and content:
            rows.append({name: _plain(value) for name, value in content.items()})
            lines.append(line)
        else:
            bad.append(BadRow(f"{path}:{line}", "expected an object of JSON, found none", str(content)))
    if not rows:
        raise InputError(f"{path}: expected objects of JSON, one on every line, found none")
    return RawTable(str(path), pd.DataFrame(rows, index=pd.Index(lines), dtype="str").fillna(""), bad=tuple(bad))


def _objects(path: Path, text: str) -> list[tuple[int, Any]]:
    """(line or place, what stands there, or the line itself where it is no JSON)."""
    if text.lstrip().startswith("["):
        try:
            return list(enumerate(_exact(text), 1))
        except ValueError as error:
            raise InputError(f"{path}: expected a list of JSON objects, found: {error}") from None
    found = []
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            try:
                found.append((line, _exact(content)))
            except ValueError:
                found.append((line, content))
    return found


def _exact(text: str) -> Any:
    """What JSON says, numbers as they are written."""
    return json.loads(text, parse_int=str, parse_float=str)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return "|".join(map(_plain, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(table: pa.Table, source: str) -> RawTable:
    if not table.num_rows:
        raise InputError(f"{source}: expected rows, found none")
    columns = {name: _text(table[place].combine_chunks()) for place, name in enumerate(table.column_names)}
    frame = pd.DataFrame({name: text for name, text in columns.items() if text is not None})
    return RawTable(source, frame.set_index(pd.RangeIndex(1, table.num_rows + 1)))


def _array(values: pd.Series) -> pa.Array:
    """A column for Arrow; one with values of several types as text."""
    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = [None if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]
        return pa.array(texts, pa.string())
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _text(values: pa.Array) -> pd.Series | None:
    """Whole numbers lose their ".0" (a missing id turns whole numbers into floats); times keep all they have.

    None for what has no text, such as a struct.
    """
    kind = values.type
    if types.is_dictionary(kind):
        values = values.dictionary_decode()
        kind = values.type
    if types.is_boolean(kind):
        values = values.cast(pa.int8())
    elif types.is_timestamp(kind) and kind.tz is not None:
        values = values.cast(pa.timestamp(kind.unit))  # in UTC, as it is stored
    elif types.is_floating(kind) or types.is_decimal(kind):
        values = _numbers(values)
    elif types.is_list(kind) or types.is_large_list(kind):
        values = _joined(values)
    try:
        text = pc.fill_null(values.cast(pa.large_string()), "")
    except (pa.ArrowException, NotImplementedError):
        return None
    return pd.Series(text.to_pandas(), dtype="str")


def _numbers(values: pa.Array) -> pa.Array:
    """As text: 3.0 as "3", 3.5 as "3.5", no number as a missing one."""
    numbers = values.cast(pa.float64())
    numbers = pc.if_else(pc.is_finite(numbers), numbers, None)
    small = pc.and_(pc.equal(numbers, pc.round(numbers)), pc.less(pc.abs(numbers), 2.0**63))
    integers = pc.if_else(small, numbers, None).cast(pa.int64()).cast(pa.string())
    return pc.coalesce(integers, numbers.cast(pa.string()))


def _joined(values: pa.Array) -> pa.Array:
    """The members of a list with "|" between them, as a table of items often has its genres."""
    texts = (
        values.cast(pa.list_(pa.string())) if types.is_list(values.type) else values.cast(pa.large_list(pa.string()))
    )
    return pc.binary_join(texts, "|")
