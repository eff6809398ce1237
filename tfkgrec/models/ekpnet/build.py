"""EKPNet from its settings, and the ripple sets that it carries."""

import numpy as np
import pyarrow as pa

from tfkgrec.data.records import Dataset
from tfkgrec.models.context import BuildContext
from tfkgrec.models.ekpnet.model import EKPNet, EkpnetSizes
from tfkgrec.models.ekpnet.ripple_sets import Ripples, compacted, ripple_rows, sample_ripples
from tfkgrec.models.ekpnet.settings import EkpnetSettings
from tfkgrec.models.side_tables import SideTable, generator, lists, rows

PARTS = ("head", "relation", "tail")


def build(settings: EkpnetSettings, context: BuildContext) -> EKPNet:
    """A built EKPNet with its side tables."""
    dataset = context.dataset
    dataset.check_item_heads()
    around = _ripples(settings, context)
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


def side_table(settings: EkpnetSettings, dataset: Dataset, seed: int) -> SideTable:
    """The ripple sets by items: columns item, head, relation, tail, lists of hops * n with 0 behind every hop's."""
    graph, hops, n = dataset.graph, settings.num_hops, settings.triples_per_item

    def some(first: int, last: int) -> pa.Table:
        found = ripple_rows(graph, dataset.num_items, hops, n, generator(seed), first, last)
        parts = {name: lists(found[:, :, place]) for place, name in enumerate(PARTS)}
        return pa.table({"item": np.arange(first, last, dtype=np.int32), **parts})

    return SideTable(_name(settings, seed), some)


def _ripples(settings: EkpnetSettings, context: BuildContext) -> Ripples:
    """Drawn, or as they were prepared."""
    graph, hops, n = context.dataset.graph, settings.num_hops, settings.triples_per_item
    table = context.dataset.tables.get(_name(settings, context.seed))
    if table is None:
        return sample_ripples(graph, context.dataset.num_items, hops, n, context.rng)
    return compacted(np.stack([rows(table, name, hops, n) for name in PARTS], axis=2), graph.num_relations)


def _name(settings: EkpnetSettings, seed: int) -> str:
    return f"ripples-{settings.num_hops}-{settings.triples_per_item}-{seed}"
