"""DINK from its settings, and the neighbours that it carries."""

from tfkgrec.data.neighbours import sample_neighbours
from tfkgrec.models.context import BuildContext
from tfkgrec.models.dink.model import DINK
from tfkgrec.models.dink.settings import DinkSettings
from tfkgrec.models.recommender import TableSizes


def build(settings: DinkSettings, context: BuildContext) -> DINK:
    """A built DINK with its side tables."""
    dataset = context.dataset
    dataset.check_item_heads()
    near = sample_neighbours(dataset.graph, dataset.num_items, settings.num_neighbours, context.rng)
    sizes = TableSizes(dataset.users.size, dataset.items.size, len(near.entity_ids), near.num_relations)
    model = DINK.from_settings(sizes, settings.hyperparameters())
    model.build()
    model.store_history(context.stored_history(settings.history_length))
    model.set_table("neighbour_entity", near.entity)
    model.set_table("neighbour_relation", near.relation)
    model.set_table("entity_ids", near.entity_ids)
    return model
