"""KSR from its settings, and what its memory is about."""

import numpy as np

from tfkgrec.models.context import BuildContext
from tfkgrec.models.ksr.memory_keys import relation_slots
from tfkgrec.models.ksr.model import KSR, KsrSizes
from tfkgrec.models.ksr.settings import KsrSettings

MAX_VALUES = 500  # value entities of an attribute that explanations choose from, those of most items


def build(settings: KsrSettings, context: BuildContext) -> KSR:
    """A built KSR with its side tables.

    Raises:
        InputError: no item heads a triple, or no relation has enough of them.
    """
    dataset, arguments = context.dataset, settings.hyperparameters()
    del arguments["min_relation_triples"]
    slots, of_memory = None, (0, 0)
    if settings.knowledge == "memory":
        dataset.check_item_heads()
        slots = relation_slots(dataset.graph, dataset.num_items, settings.min_relation_triples or 1, MAX_VALUES)
        of_memory = (len(slots.relation), slots.values.shape[1])
    model = KSR.from_settings(KsrSizes(dataset.users.size, dataset.items.size, *of_memory), arguments)
    model.build()
    model.set_table("history", context.history.newest(settings.history_length))
    if slots is not None:
        model.set_table("slots", slots.items)
        model.set_table("slot_relation", slots.relation)
        model.set_table("value_entity", np.asarray(slots.values))
    return model
