"""KSR's settings + dataset -> a built model with its side tables filled."""

from typing import Any

import numpy as np

from tfkgrec.config import KsrSettings
from tfkgrec.data.history import history_table
from tfkgrec.data.records import Dataset
from tfkgrec.models.ksr.memory_keys import relation_slots
from tfkgrec.models.ksr.model import KSR

MAX_VALUES = 500  # value entities of an attribute that explanations choose from, those of most items


def build_ksr(settings: KsrSettings, dataset: Dataset, splits: Any, hyperparameters: dict[str, Any]) -> KSR:
    """A built model.

    Args:
        hyperparameters: the settings, named as the constructor's arguments are.

    Raises:
        InputError: the graph has no relation with enough triples.
    """
    arguments = {name: value for name, value in hyperparameters.items() if name != "min_relation_triples"}
    slots = None
    if settings.knowledge == "memory":
        slots = relation_slots(dataset.graph, dataset.num_items, settings.min_relation_triples, MAX_VALUES)
        arguments |= {"num_slots": len(slots.relation), "num_values": slots.values.shape[1]}
    model = KSR(dataset.users.size, dataset.items.size, **arguments)
    model.build()
    model.set_table("history", history_table(splits, settings.history_length))
    if slots is not None:
        model.set_table("slots", slots.items)
        model.set_table("slot_relation", slots.relation)
        model.set_table("value_entity", np.asarray(slots.values))
    return model
