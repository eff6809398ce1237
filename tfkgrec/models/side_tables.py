"""Tables of the graph that a model carries, made of some items at a time: what preparation leaves, and models read.

The name of a table tells all that it follows from, so that nobody reads one that would have been drawn otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tfkgrec import registry
from tfkgrec.config import ModelSettings
from tfkgrec.data.records import Dataset


@dataclass(frozen=True)
class SideTable:
    """A table by items.

    Attributes:
        name: with all that it follows from beside the data: "neighbours-8-0".
        rows: (first, last) -> the rows of the items from `first` to before `last`; item 0 is the unknown one.
    """

    name: str
    rows: Callable[[int, int], pa.Table]


def side_table(settings: ModelSettings, dataset: Dataset, seed: int) -> SideTable | None:
    """What a model with these settings carries of the graph; None: nothing that is sampled."""
    made = registry.model(settings.name).side_table
    if made is None:
        return None
    found: SideTable = registry.load(made)(settings, dataset, seed)
    return found


def generator(seed: int) -> np.random.Generator:
    """Of whatever a model samples when it is built."""
    return np.random.default_rng([seed, 5])


def lists(values: np.ndarray) -> pa.FixedSizeListArray:
    """Rows [n, ...] of whole numbers as a column of lists."""
    width = int(np.prod(values.shape[1:]))
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values, np.int32).ravel()), width)


def rows(table: pa.Table, name: str, *shape: int) -> np.ndarray:
    """What `lists` made a column of, int32 [n, *shape]."""
    found: np.ndarray = table[name].combine_chunks().flatten().to_numpy().reshape(len(table), *shape)
    return found
