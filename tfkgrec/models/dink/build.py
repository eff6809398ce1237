"""DINK from its settings, and the neighbours that it carries."""

from tfkgrec.data.records import Dataset
from tfkgrec.models.context import BuildContext
from tfkgrec.models.dink.model import DINK
from tfkgrec.models.dink.settings import DinkSettings
from tfkgrec.models.near_items import neighbour_table, neighbours_of
from tfkgrec.models.recommender import TableSizes
from tfkgrec.models.side_tables import SideTable


def build(settings: DinkSettings, context: BuildContext) -> DINK:
    """A built DINK with its side tables."""
    dataset = context.dataset
    dataset.check_item_heads()
    near = neighbours_of(context, settings.num_neighbours)
    sizes = TableSizes(dataset.users.size, dataset.items.size, len(near.entity_ids), near.num_relations)
    model = DINK.from_settings(sizes, settings.hyperparameters())
    model.build()
    model.store_history(context.stored_history(settings.history_length))
    model.set_table("neighbour_entity", near.entity)
    model.set_table("neighbour_relation", near.relation)
    model.set_table("entity_ids", near.entity_ids)
    return model


def side_table(settings: DinkSettings, dataset: Dataset, seed: int) -> SideTable:
    """The neighbours, by items."""
    return neighbour_table(dataset, settings.num_neighbours, seed)
