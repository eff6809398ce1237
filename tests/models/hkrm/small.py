"""An HKRM small enough to follow, with weights and side tables drawn at random."""

from typing import Any

import numpy as np

from tests.models.small import EMPTY, ITEMS, LONELY, USERS, settings_of
from tfkgrec.layers.distinct import fullest
from tfkgrec.models.hkrm.attribute_tables import AttributeSizes
from tfkgrec.models.hkrm.model import HKRM
from tfkgrec.models.hkrm.settings import HkrmSettings

ENTITIES, A, D, T, V = 14, 3, 4, 5, 3
EXTRAS = ("item_bias", "attribute_bias", "item_attributes", "user_item_dot")
EVERYTHING: dict[str, Any] = dict.fromkeys(EXTRAS, True)


def hkrm(seed: int = 0, fields: int = A, **settings: Any) -> HKRM:
    """A built model. Row 0 of every table of vectors is filled, too: masks have to hold, not zeros."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, V + 1, (ITEMS, fields))  # values of each item in each field
    counts[[0, LONELY]] = 0
    counts[1, 0] = V
    slot_item, slot_field = np.nonzero(counts)
    item_slot = np.zeros((ITEMS, fields), int)
    item_slot[slot_item, slot_field] = 1 + np.arange(len(slot_item))
    value_slot = np.repeat(1 + np.arange(len(slot_item)), counts[slot_item, slot_field])
    sizes = AttributeSizes(
        num_users=USERS,
        num_items=ITEMS,
        num_entities=ENTITIES,
        num_fields=fields,
        num_slots=len(slot_item) + 1,
        num_values=len(value_slot),
        max_values=V,
        fullest=fullest(counts.sum(axis=1).tolist()),
    )
    of_model = settings_of(HkrmSettings, **{"dim": D, "history_length": T, **settings})
    of_tables = ("fields", "max_fields", "max_values")
    model = HKRM.from_settings(sizes, {name: value for name, value in of_model.items() if name not in of_tables})
    model.build()
    for weight in model.trainable_weights:
        weight.assign(0.7 * rng.normal(size=weight.shape))

    history = np.zeros((USERS, model.history_length), int)
    for user in range(1, EMPTY):
        count = rng.integers(1, model.history_length + 1)
        history[user, :count] = rng.permutation(np.arange(1, ITEMS))[:count]
    model.set_table("history", history)
    model.set_table("field_relation", 1 + rng.permutation(fields))
    model.set_table("item_slot", item_slot)
    model.set_table("slot_item", np.append(0, slot_item))
    model.set_table("slot_field", np.append(0, slot_field))
    model.set_table("value_slot", value_slot)
    model.set_table("value_entity", rng.integers(1, ENTITIES, len(value_slot)))
    model.set_table("entity_ids", np.append(0, 100 + np.arange(1, ENTITIES)))
    return model
