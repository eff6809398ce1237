"""The neighbours of items that models of one hop carry: drawn, or as they were prepared."""

import numpy as np
import pyarrow as pa

from tfkgrec.data.neighbours import Neighbours, compacted, neighbour_rows, sample_neighbours
from tfkgrec.data.records import Dataset
from tfkgrec.models.context import BuildContext
from tfkgrec.models.side_tables import SideTable, generator, lists, rows


def neighbours_of(context: BuildContext, k: int) -> Neighbours:
    """Up to `k` of every item."""
    dataset = context.dataset
    table = dataset.tables.get(_name(k, context.seed))
    if table is None:
        return sample_neighbours(dataset.graph, dataset.num_items, k, context.rng)
    both = np.stack([rows(table, "entity", k), rows(table, "relation", k)])
    return compacted(both, dataset.graph.num_relations)


def neighbour_table(dataset: Dataset, k: int, seed: int) -> SideTable:
    """The same by items: columns item, entity, relation, lists of `k` with 0 behind."""

    def some(first: int, last: int) -> pa.Table:
        entity, relation = neighbour_rows(dataset.graph, dataset.num_items, k, generator(seed), first, last)
        item = np.arange(first, last, dtype=np.int32)
        return pa.table({"item": item, "entity": lists(entity), "relation": lists(relation)})

    return SideTable(_name(k, seed), some)


def _name(k: int, seed: int) -> str:
    return f"neighbours-{k}-{seed}"
