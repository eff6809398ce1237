"""CKE from its settings, and the facts that it carries."""

import numpy as np

from tfkgrec.models.cke.model import CKE, CkeSizes
from tfkgrec.models.cke.settings import CkeSettings
from tfkgrec.models.context import BuildContext


def build(settings: CkeSettings, context: BuildContext) -> CKE:
    """A built CKE. Items keep their numbers as entities; of the others only those in a fact are numbered."""
    dataset = context.dataset
    dataset.check_item_heads()
    graph, rows = dataset.graph, dataset.items.size
    order = np.lexsort((graph.tail, graph.relation, graph.head))
    order = order[graph.head[order] < rows]
    head, relation, tail = graph.head[order], graph.relation[order], graph.tail[order]
    entity_ids = np.concatenate([np.arange(rows), np.unique(tail[tail >= rows])])
    sizes = CkeSizes(dataset.users.size, rows, len(entity_ids), graph.num_relations, len(head))
    model = CKE.from_settings(sizes, settings.hyperparameters())
    model.build()
    model.set_table("fact_offsets", np.concatenate([[0], np.cumsum(np.bincount(head, minlength=rows))]))
    model.set_table("fact_relation", relation)
    model.set_table("fact_tail", np.searchsorted(entity_ids, tail))
    return model
