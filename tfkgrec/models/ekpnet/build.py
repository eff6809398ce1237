"""EKPNet from its settings, and the ripple sets that it carries."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.ekpnet.model import EKPNet
from tfkgrec.models.ekpnet.ripple_sets import sample_ripples
from tfkgrec.models.ekpnet.settings import EkpnetSettings
from tfkgrec.models.recommender import TableSizes


def build(settings: EkpnetSettings, context: BuildContext) -> EKPNet:
    """A built EKPNet with its side tables."""
    dataset = context.dataset
    dataset.check_item_heads()
    around = sample_ripples(dataset.graph, dataset.num_items, settings.num_hops, settings.triples_per_item, context.rng)
    sizes = TableSizes(dataset.users.size, dataset.items.size, len(around.entity_ids), around.num_relations)
    model = EKPNet.from_settings(sizes, settings.hyperparameters())
    model.build()
    model.set_table("history", context.stored_history(settings.history_length))
    model.set_table("ripples", around.triples)
    model.set_table("entity_ids", around.entity_ids)
    return model
