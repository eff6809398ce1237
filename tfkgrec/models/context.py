"""What a model is built from, beside its settings."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset


@dataclass(frozen=True)
class BuildContext:
    """The data of a run, as far as a model may see them when it is made.

    Attributes:
        dataset: ids, names and the knowledge graph; a model learns nothing from its interactions.
        history: the training positives of every user, oldest to newest.
        rng: of whatever the model samples once and for all.
    """

    dataset: Dataset
    history: History
    rng: np.random.Generator
