"""All sequences to their ends as training, once a model has been judged."""

import dataclasses

import numpy as np

from tfkgrec.data.records import Dataset
from tfkgrec.protocols.sequential.settings import SequentialSplit
from tfkgrec.protocols.sequential.split import SequenceSplits, Targets, cut

NOBODY = np.empty(0, np.int32)


def whole(dataset: Dataset, split: SequentialSplit, seed: int) -> SequenceSplits:
    """Nothing is held out, and nobody asked."""
    splits = cut(dataset, dataclasses.replace(split, train_share=1.0), seed)
    end, nothing = splits.offsets[1:], Targets(NOBODY, NOBODY, np.zeros(1, np.int64), np.empty((0, 0), np.int32))
    return dataclasses.replace(splits, train_end=end, validation_end=end, validation=nothing, test=nothing)
