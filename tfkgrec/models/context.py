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
        histories: what a model reads of a user's items: "whole" histories, "random" ones of T, or the newest T.
        seed: of the random ones.
        members: trained models by name, of which a model that fuses them is made.
    """

    dataset: Dataset
    history: History
    rng: np.random.Generator
    histories: str = "newest"
    seed: int = 0
    members: Mapping[str, Recommender] = field(default_factory=dict)

    def stored_history(self, length: int) -> History:
        """What a model stores of every user: up to `length` items, or all where it reads whole histories."""
        if self.histories == "whole":
            return self.history
        if self.histories == "random":
            rng = np.random.default_rng([self.seed, 11])
            return History.of_rows(sample_histories(self.history, np.arange(self.history.num_users), length, rng))
        return History.of_rows(self.history.newest(length))

    def history_length(self, length: int) -> int:
        """Of what a model stores: `length`, or that of the longest history where it reads whole ones."""
        return int(self.history.lengths.max()) if self.histories == "whole" else length

    @property
    def whole_histories(self) -> int | None:
        """How many items are in all of them together, where a model stores whole ones."""
        return len(self.history.items) if self.histories == "whole" else None
