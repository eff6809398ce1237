"""All ratings as training, once a model has been judged."""

import dataclasses

from tfkgrec.data.records import Dataset
from tfkgrec.protocols.top_n.settings import TopNSplit
from tfkgrec.protocols.top_n.split import TimeSplits, split_by_time


def whole(dataset: Dataset, split: TopNSplit, seed: int) -> TimeSplits:
    """Every rating of everybody; nobody is thinned."""
    splits = split_by_time(dataset, seed)
    end = splits.offsets[1:]
    return dataclasses.replace(splits, train_end=end, validation_end=end)
