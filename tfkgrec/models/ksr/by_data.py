"""What KSR leaves to the data."""

import dataclasses

from tfkgrec.models.data_size import DataSize
from tfkgrec.models.ksr.settings import KsrSettings

ITEMS_PER_TRIPLE = 10


def by_data(settings: KsrSettings, size: DataSize) -> KsrSettings:
    """A relation gets a slot of the memory if it has a triple for every tenth item.

    A rarer one says nothing of most clicks, and costs each of them as much.
    """
    if settings.min_relation_triples is not None:
        return settings
    return dataclasses.replace(settings, min_relation_triples=max(1, size.items // ITEMS_PER_TRIPLE))
