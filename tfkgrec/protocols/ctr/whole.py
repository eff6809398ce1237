"""All clicks as training, once a model has been judged."""

import dataclasses

import numpy as np

from tfkgrec.data.draws import draws_of
from tfkgrec.data.records import Dataset
from tfkgrec.protocols.ctr.settings import CtrSplit
from tfkgrec.protocols.ctr.split import PARTS, Splits, cut, user_histories


def whole(dataset: Dataset, split: CtrSplit, seed: int) -> Splits:
    """Every positive, those of users whom the split drops too, and the split's negatives of all parts."""
    complete = dataclasses.replace(split, train_share=1.0, cold_items=0.0)
    parts = [getattr(cut(dataset, complete, seed), part) for part in PARTS]
    liked, drawn = dataset.interactions.positives, [part.take(part.label == 0) for part in parts]
    timeless = dataclasses.replace(liked, timestamp=None)
    train = timeless.with_negatives(*(np.concatenate([getattr(p, side) for p in drawn]) for side in ("user", "item")))
    nothing = train.take(np.empty(0, np.int64))
    history = user_histories(liked, dataset.users.size, draws_of(dataset, seed, 1))
    return Splits(train, nothing, nothing, history, dataset.items.size)
