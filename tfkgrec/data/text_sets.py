"""Which texts are among others, and where: in Arrow, where pandas would make a Python object of each."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def stands_in(values: pd.Series, among: pd.Series | Iterable[str]) -> np.ndarray:
    """Whether each of `values` is one of `among`, bool [n]."""
    found: np.ndarray = pc.is_in(as_arrow(values), value_set=as_arrow(among)).to_numpy(zero_copy_only=False)
    return found


def places(values: pd.Series | Iterable[str], among: pa.Array) -> np.ndarray:
    """Where each of `values` stands first in `among`, int32 [n]; 0 for those that do not."""
    found: np.ndarray = pc.fill_null(pc.index_in(as_arrow(values), value_set=among), 0).to_numpy(zero_copy_only=False)
    return found.astype(np.int32, copy=False)


def as_arrow(texts: pd.Series | Iterable[str]) -> pa.Array:
    """As one array; what is no text (a command line's bytes that are no UTF-8) is the empty one, which no id is."""
    held = texts if isinstance(texts, pd.Series | np.ndarray | list) else list(texts)
    try:
        array = pa.array(held, from_pandas=True)
    except UnicodeEncodeError:
        array = pa.array([text if text.encode(errors="ignore").decode() == text else "" for text in held])
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return whole.cast(pa.large_string())
