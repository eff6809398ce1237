"""Data frames and Parquet files as the `RawTable` of text that the readers work on."""

from pathlib import Path

import pandas as pd

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.errors import InputError


def table_from_frame(frame: pd.DataFrame, source: str) -> RawTable:
    """Every column as text; row numbers count from 1; missing values become the empty string."""
    if frame.empty:
        raise InputError(f"{source}: expected rows, found none")
    try:
        text = {str(name): _text(frame[name]) for name in frame.columns}
    except UnicodeEncodeError as error:
        raise InputError(f"{source}: expected text that UTF-8 can hold, found {error.object[:60]!a}") from None
    return RawTable(source, pd.DataFrame(text).set_index(pd.RangeIndex(1, len(frame) + 1)))


def table_from_parquet(path: Path) -> RawTable:
    """Read a Parquet file; needs the extra `parquet`."""
    if not path.is_file():
        raise InputError(f"{path}: expected this file, found none")
    try:
        frame = pd.read_parquet(path)
    except ImportError:
        raise InputError(f"{path}: expected a Parquet engine, found none: pip install 'tfkgrec[parquet]'") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a Parquet file, found: {str(error).splitlines()[0]}") from None
    return table_from_frame(frame, str(path))


def _text(values: pd.Series) -> pd.Series:
    """Whole numbers lose their ".0" (a missing id turns an integer column into floats); times become seconds."""
    if pd.api.types.is_datetime64_any_dtype(values):
        values = (values - pd.Timestamp(0, tz=values.dt.tz)) // pd.Timedelta(seconds=1)
    return values.convert_dtypes().astype("string").fillna("").astype(str)
