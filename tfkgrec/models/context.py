"""What a model is built from, beside its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tfkgrec.data.history import History, sample_histories
from tfkgrec.data.records import Dataset
from tfkgrec.models.recommender import Recommender


@dataclass(frozen=True)
class BuildContext:
    """The data of a run, as far as a model may see them when it is made.

    Attributes:
        dataset: ids, names and the knowledge graph; a model learns nothing from its interactions.
        history: the training positives of every user, oldest to newest.
        rng: of whatever the model samples once and for all.
        histories: which T of a user's items a model that reads no more of them stores: "random", or the newest.
        seed: of the random ones.
        members: trained models by name, of which a model that fuses them is made.
    """

    dataset: Dataset
    history: History
    rng: np.random.Generator
    histories: str = "newest"
    seed: int = 0
    members: Mapping[str, Recommender] = field(default_factory=dict)

    def stored_history(self, length: int) -> np.ndarray:
        """`length` items of every user, oldest first, 0-padded on the right: int32 [users, length]."""
        if self.histories != "random":
            return self.history.newest(length)
        rng = np.random.default_rng([self.seed, 11])
        return sample_histories(self.history, np.arange(self.history.num_users), length, rng)
