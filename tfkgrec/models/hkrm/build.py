"""HKRM from its settings, and the attributes that it carries."""

import numpy as np
import pyarrow as pa

from tfkgrec.data.records import Dataset
from tfkgrec.models.context import BuildContext
from tfkgrec.models.hkrm.attribute_tables import ATTRIBUTE_TABLES, AttributeSizes
from tfkgrec.models.hkrm.attributes import Attributes, attribute_values, collect_attributes, tables, values_of_fullest
from tfkgrec.models.hkrm.model import HKRM
from tfkgrec.models.hkrm.settings import HkrmSettings
from tfkgrec.models.side_tables import SideTable, generator


def build(settings: HkrmSettings, context: BuildContext) -> HKRM:
    """A built HKRM with its side tables."""
    dataset = context.dataset
    found = _attributes(settings, context)
    hyperparameters = settings.hyperparameters()
    hyperparameters["history_length"] = context.history_length(settings.history_length)
    del hyperparameters["fields"], hyperparameters["max_fields"], hyperparameters["max_values"]
    sizes = AttributeSizes(
        num_users=dataset.users.size,
        num_items=dataset.items.size,
        num_entities=len(found.entity_ids),
        num_fields=len(found.field_relation),
        num_slots=len(found.slot_item),
        num_values=len(found.value_entity),
        max_values=found.max_values,
        whole_histories=context.whole_histories,
        fullest=values_of_fullest(found.slot_item, found.value_slot),
    )
    model = HKRM.from_settings(sizes, hyperparameters)
    model.build()
    model.store_history(context.stored_history(settings.history_length))
    for name in ATTRIBUTE_TABLES:
        model.set_table(name, getattr(found, name))
    return model


def side_table(settings: HkrmSettings, dataset: Dataset, seed: int) -> SideTable:
    """The values by items: columns item, field, relation, entity, a row for each."""
    chosen = settings.fields, settings.max_fields, settings.max_values

    def some(first: int, last: int) -> pa.Table:
        relation, key, value = attribute_values(dataset, *chosen, generator(seed), first, last)
        item, field = (part.astype(np.int32) for part in divmod(key, len(relation)))
        return pa.table({"item": item, "field": field, "relation": relation[field], "entity": value})

    return SideTable(_name(settings, seed), some)


def _attributes(settings: HkrmSettings, context: BuildContext) -> Attributes:
    """Drawn, or as they were prepared."""
    dataset = context.dataset
    table = dataset.tables.get(_name(settings, context.seed))
    if table is None:
        return collect_attributes(dataset, settings.fields, settings.max_fields, settings.max_values, context.rng)
    item, field, relation, entity = (table[name].to_numpy() for name in ("item", "field", "relation", "entity"))
    field_relation = relation[np.unique(field, return_index=True)[1]]  # every field has a value
    return tables(field_relation, item.astype(np.int64) * len(field_relation) + field, entity, dataset.num_items)


def _name(settings: HkrmSettings, seed: int) -> str:
    fields = settings.max_fields if settings.fields is None else "+".join(settings.fields)
    return f"attributes-{fields}-{settings.max_values}-{seed}"
