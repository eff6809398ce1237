"""Which items fresh negatives are drawn from, where the settings leave it to the data."""

from typing import Literal

import numpy as np

from tfkgrec.data.records import Interactions

ENOUGH = 50  # validation pairs of either kind, below which there is nothing to tell


def negative_pool(popularity: np.ndarray, validation: Interactions) -> Literal["catalogue", "train_positives"]:
    """The catalogue, unless validation says that an item without training positives is unknown rather than disliked.

    In a catalogue made of what somebody took, an item that nobody took in training was taken in validation or test, so
    that such items are positive more often than those with one training positive. Drawn as negatives and never as
    positives, they would be learned as the surest negatives of all. In a catalogue that also holds what nobody wants,
    they are rarer positives than any, and are to be learned so.

    Args:
        popularity: training positives of every item.
    """
    never, once = (validation.label[popularity[validation.item] == count] > 0 for count in (0, 1))
    if min(len(never), len(once)) < ENOUGH:
        return "catalogue"
    return "train_positives" if never.mean() > once.mean() else "catalogue"
