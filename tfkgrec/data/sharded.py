"""How a protocol splits some users by themselves, and all from those of some: who makes which changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tfkgrec.data.records import Dataset


class Sharded(NamedTuple):
    """What a `ProtocolSpec` names; `split` are its settings, the section `data.split`.

    Attributes:
        names: of the tables that hold a split; each has a column user.
        popularity: (dataset of some users, split) -> what a split needs to know of all users, counts that are added
            up; None: nothing.
        cut: (dataset of some users, split, seed, popularity of all) -> their `Splits`.
        tables: `Splits` -> the tables, user by user.
        joined: (the tables of all shards one below the other, dataset, split, seed) -> the `Splits` of all users.
    """

    names: tuple[str, ...]
    popularity: Callable[[Dataset, Any], np.ndarray | None]
    cut: Callable[[Dataset, Any, int, np.ndarray | None], Any]
    tables: Callable[[Any], dict[str, pa.Table]]
    joined: Callable[[Mapping[str, pa.Table], Dataset, Any, int], Any]
