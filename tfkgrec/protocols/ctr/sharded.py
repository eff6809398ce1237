"""The split of some users, and of all from those of some: who makes which changes nothing."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tfkgrec.data.assemble import sorted_interactions
from tfkgrec.data.history import History
from tfkgrec.data.pair_tables import pairs_of, table_of
from tfkgrec.data.records import Dataset, Interactions
from tfkgrec.data.sharded import Sharded
from tfkgrec.protocols.ctr.settings import CtrSplit
from tfkgrec.protocols.ctr.split import PARTS, Splits
from tfkgrec.protocols.ctr.split import cut as cut_all

NAMES = (*PARTS, "history")


def sharded() -> Sharded:
    """What preparation asks of this protocol."""
    return Sharded(NAMES, popularity, cut, tables, joined)


def popularity(dataset: Dataset, split: CtrSplit) -> None:
    """Nothing of a user's split follows from what others take."""


def cut(dataset: Dataset, split: CtrSplit, seed: int, popularity: np.ndarray | None) -> Splits:
    """Of a dataset of some users."""
    return cut_all(dataset, split, seed)


def tables(splits: Splits) -> dict[str, pa.Table]:
    """A table for each of `NAMES`; users stand one after the other in `history`."""
    known = splits.train_history
    history = pa.table({"user": known.users().astype(np.int32), "item": known.items})
    return {**{part: table_of(getattr(splits, part)) for part in PARTS}, "history": history}


def joined(tables: Mapping[str, pa.Table], dataset: Dataset, split: CtrSplit, seed: int) -> Splits:
    """Of all users, as `split_ctr` cuts it, from the tables of shards one below the other."""

    def part(name: str) -> Interactions:
        pairs = pairs_of(tables[name])
        liked = sorted_interactions(pairs.positives, dataset.users, dataset.items, seed)
        return liked.above(pairs.take(pairs.label == 0))

    user, item = (tables["history"][name].to_numpy() for name in ("user", "item"))
    history = History.by_user(user, item, dataset.users.size)
    train, validation, test = (part(name) for name in PARTS)
    splits = Splits(train, validation, test, history, dataset.items.size)
    splits.validate()
    return splits
