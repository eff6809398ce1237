"""HKRM from its settings, and the attributes that it carries."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.hkrm.attribute_tables import ATTRIBUTE_TABLES, AttributeSizes
from tfkgrec.models.hkrm.attributes import collect_attributes
from tfkgrec.models.hkrm.model import HKRM
from tfkgrec.models.hkrm.settings import HkrmSettings


def build(settings: HkrmSettings, context: BuildContext) -> HKRM:
    """A built HKRM with its side tables."""
    dataset = context.dataset
    found = collect_attributes(dataset, settings.fields, settings.max_fields, settings.max_values, context.rng)
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
    )
    model = HKRM.from_settings(sizes, hyperparameters)
    model.build()
    model.store_history(context.stored_history(settings.history_length))
    for name in ATTRIBUTE_TABLES:
        model.set_table(name, getattr(found, name))
    return model
