"""HKRM from its settings, and the attributes that it carries."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.hkrm.attribute_tables import ATTRIBUTE_TABLES
from tfkgrec.models.hkrm.attributes import collect_attributes
from tfkgrec.models.hkrm.model import HKRM
from tfkgrec.models.hkrm.settings import HkrmSettings


def build(settings: HkrmSettings, context: BuildContext) -> HKRM:
    """A built HKRM with its side tables."""
    dataset = context.dataset
    found = collect_attributes(dataset, settings.fields, settings.max_fields, settings.max_values, context.rng)
    hyperparameters = settings.hyperparameters() | {"max_values": found.max_values}
    del hyperparameters["fields"], hyperparameters["max_fields"]
    sizes = (dataset.users.size, dataset.items.size, len(found.entity_ids))
    model = HKRM(*sizes, len(found.field_relation), len(found.slot_item), len(found.value_entity), **hyperparameters)
    model.build()
    model.set_table("history", context.history.newest(settings.history_length))
    for name in ATTRIBUTE_TABLES:
        model.set_table(name, getattr(found, name))
    return model
