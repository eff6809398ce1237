"""The split of some users, and of all from those of some."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tfkgrec.data.cut_history import CutHistory
from tfkgrec.data.records import Dataset
from tfkgrec.data.sharded import Sharded
from tfkgrec.protocols.top_n.settings import TopNSplit
from tfkgrec.protocols.top_n.split import TimeSplits, split_by_time

NAMES = ("ratings", "thinned")


def sharded() -> Sharded:
    """What preparation asks of this protocol."""
    return Sharded(NAMES, popularity, cut, tables, joined)


def popularity(dataset: Dataset, split: TopNSplit) -> None:
    """Nothing of a user's split follows from what others rate."""


def cut(dataset: Dataset, split: TopNSplit, seed: int, popularity: np.ndarray | None) -> TimeSplits:
    """Of a dataset of some users."""
    return split_by_time(dataset, seed, split.cold_users, split.train_share, some=True)


def tables(splits: TimeSplits) -> dict[str, pa.Table]:
    """The ratings with the part that each is in, and who was thinned."""
    thinned = np.flatnonzero(splits.thinned).astype(np.int32)
    return {"ratings": splits.table(), "thinned": pa.table({"user": thinned})}


def joined(tables: Mapping[str, pa.Table], dataset: Dataset, split: TopNSplit, seed: int) -> TimeSplits:
    """Of all users, from the tables of shards one below the other."""
    thinned = np.zeros(dataset.users.size, bool)
    thinned[tables["thinned"]["user"].to_numpy()] = True
    columns = CutHistory.columns_of(tables["ratings"], dataset.users.size)
    return TimeSplits(**columns, thinned=thinned, num_item_rows=dataset.items.size)
