"""EKPNet from its settings, and the ripple sets that it carries."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.ekpnet.model import EKPNet, EkpnetSizes
from tfkgrec.models.ekpnet.ripple_sets import sample_ripples
from tfkgrec.models.ekpnet.settings import EkpnetSettings


def build(settings: EkpnetSettings, context: BuildContext) -> EKPNet:
    """A built EKPNet with its side tables."""
    dataset = context.dataset
    dataset.check_item_heads()
    around = sample_ripples(dataset.graph, dataset.num_items, settings.num_hops, settings.triples_per_item, context.rng)
    sizes = EkpnetSizes(
        num_users=dataset.users.size,
        num_items=dataset.items.size,
        num_entities=len(around.entity_ids),
        num_relations=around.num_relations,
        whole_histories=context.whole_histories,
    )
    hyperparameters = settings.hyperparameters()
    hyperparameters["history_length"] = context.history_length(settings.history_length)
    model = EKPNet.from_settings(sizes, hyperparameters)
    model.build()
    model.store_history(context.stored_history(settings.history_length))
    model.set_table("ripples", around.triples)
    model.set_table("entity_ids", around.entity_ids)
    return model
