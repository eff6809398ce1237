"""HKRM takes in items by their facts."""

import numpy as np

from tfkgrec.models.growth import NewItems, check_reads_facts, grown, settle
from tfkgrec.models.hkrm.attributes import slots_of, values_of_fullest
from tfkgrec.models.hkrm.model import HKRM
from tfkgrec.models.recommender import Recommender


def grow(model: HKRM, new: NewItems) -> Recommender:
    """The model with the new items and their values in its fields, as many of a field as any item has at most."""
    if not model.with_attribute_level:
        check_reads_facts(model)
    before, entity_ids = model.sizes, new.entity_ids(model)
    graph, fields = new.facts_within(entity_ids), np.asarray(model.field_relation)
    found = slots_of(graph.head, graph.relation, graph.tail, fields, before.max_values, new.after, new.rng)
    slot = np.where(found.item_slot > 0, found.item_slot + before.num_slots - 1, 0)
    tables = {
        "item_slot": np.concatenate([np.asarray(model.item_slot), slot[new.before + 1 :]]),
        "slot_item": np.concatenate([np.asarray(model.slot_item), found.slot_item[1:]]),
        "slot_field": np.concatenate([np.asarray(model.slot_field), found.slot_field[1:]]),
        "value_slot": np.concatenate([np.asarray(model.value_slot), found.value_slot + before.num_slots - 1]),
        "value_entity": np.concatenate(
            [new.moved(np.asarray(model.value_entity)), found.entity_ids[found.value_entity]]
        ),
        "entity_ids": entity_ids,
    }
    sizes = {
        "num_items": new.after + 1,
        "num_entities": len(entity_ids),
        "num_slots": len(tables["slot_item"]),
        "num_values": len(tables["value_entity"]),
        "fullest": values_of_fullest(tables["slot_item"], tables["value_slot"]),
    }
    return settle(model, grown(model, sizes, new, tables), new, vectors=False)  # those of the head are of other width
