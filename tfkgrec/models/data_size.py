"""Settings that a model leaves to the data, decided by how much of them there is."""

from typing import NamedTuple

from tfkgrec import registry
from tfkgrec.config import ModelSettings
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset


class DataSize(NamedTuple):
    """Counts of what a model learns from.

    Attributes:
        users: with a training positive.
        items: of the catalogue.
        positives: in training.
        triples: of the graph.
    """

    users: int
    items: int
    positives: int
    triples: int

    @property
    def positives_per_user(self) -> float:
        """Mean number of training positives."""
        return self.positives / max(self.users, 1)


def settled(settings: ModelSettings, dataset: Dataset, history: History) -> ModelSettings:
    """The settings as the model is built, explicit ones as they are.

    Args:
        history: the training positives.
    """
    rule = registry.model(settings.name).by_data
    if rule is None:
        return settings
    users = int((history.lengths > 0).sum())
    size = DataSize(users, dataset.num_items, int(history.lengths.sum()), len(dataset.graph))
    decided: ModelSettings = registry.load(rule)(settings, size)
    return decided
