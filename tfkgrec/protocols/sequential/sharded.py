"""The split of some users, and of all from those of some."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tfkgrec.data.cut_history import CutHistory
from tfkgrec.data.records import Dataset
from tfkgrec.data.sharded import Sharded
from tfkgrec.protocols.sequential.settings import SequentialSplit
from tfkgrec.protocols.sequential.split import (
    PARTS,
    SequenceSplits,
    Targets,
    cut_sequences,
    split_sequences,
    train_counts,
)

NAMES = ("sequences", *(f"{part}_candidates" for part in PARTS))


def sharded() -> Sharded:
    """What preparation asks of this protocol."""
    return Sharded(NAMES, popularity, cut, tables, joined)


def popularity(dataset: Dataset, split: SequentialSplit) -> np.ndarray:
    """Training interactions per item of some users; those of all together weigh the draws of negatives."""
    _, item, offsets, train_end, _ = cut_sequences(dataset, split.next)
    counts: np.ndarray = train_counts(item, offsets, train_end, dataset.items.size)
    return counts


def cut(dataset: Dataset, split: SequentialSplit, seed: int, popularity: np.ndarray | None) -> SequenceSplits:
    """Of a dataset of some users; `popularity` is that among all."""
    return split_sequences(dataset, seed, split.next, split.train_share, popularity)


def tables(splits: SequenceSplits) -> dict[str, pa.Table]:
    """The items with the part that each is in, and what is asked of whom, among which others."""
    return {"sequences": splits.table(), **{f"{part}_candidates": _asked(getattr(splits, part)) for part in PARTS}}


def joined(tables: Mapping[str, pa.Table], dataset: Dataset, split: SequentialSplit, seed: int) -> SequenceSplits:
    """Of all users, from the tables of shards one below the other."""
    columns = CutHistory.columns_of(tables["sequences"], dataset.users.size)
    validation, test = (_targets(tables[f"{part}_candidates"]) for part in PARTS)
    splits = SequenceSplits(
        **columns, validation=validation, test=test, num_item_rows=dataset.items.size, next=split.next
    )
    splits.validate()
    return splits


def _asked(targets: Targets) -> pa.Table:
    """Columns user, and lists: items, negatives (0 pads)."""
    items = pa.ListArray.from_arrays(pa.array(targets.offsets, pa.int32()), pa.array(targets.item, pa.int32()))
    width = targets.negatives.shape[1]
    negatives = pa.FixedSizeListArray.from_arrays(pa.array(targets.negatives.ravel(), pa.int32()), width)
    return pa.table({"user": pa.array(targets.user, pa.int32()), "items": items, "negatives": negatives})


def _targets(table: pa.Table) -> Targets:
    items, negatives = (table[name].combine_chunks() for name in ("items", "negatives"))
    counts = np.array([0, *items.value_lengths().to_numpy(zero_copy_only=False)], np.int64)
    drawn = negatives.flatten().to_numpy().reshape(len(table), -1)
    return Targets(table["user"].to_numpy(), items.flatten().to_numpy(), np.cumsum(counts), drawn)
