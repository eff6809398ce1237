"""RKAN from its settings: the graph of training, and the part of it that the model carries to find paths itself."""

from typing import Any

import numpy as np

from tfkgrec.config import RkanSettings
from tfkgrec.data.history import history_table
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.models.rkan.model import RKAN
from tfkgrec.models.rkan.path_graph import PathGraph, path_graph
from tfkgrec.protocols.ctr.split import Splits


def build_rkan(
    settings: RkanSettings, dataset: Dataset, splits: Any, hyperparameters: dict[str, Any], rng: np.random.Generator
) -> RKAN:
    """A built RKAN with its side tables.

    Args:
        splits: training positives (`history_items`, `history_offsets`) in time order.

    Raises:
        InputError: those of protocol C, whose batches hold no paths, and the candidates in the histories.
    """
    if isinstance(splits, Splits):
        raise InputError("data.protocol: expected R for model rkan, found C")
    graph = path_graph(dataset.graph, dataset.num_items, splits.history_items, splits.history_offsets)
    near = near_nodes(graph, settings.near_attributes, settings.near_users, rng)
    sizes = (dataset.users.size, dataset.items.size, graph.num_nodes, graph.user_base)
    model = RKAN(*sizes, near["near_node"].shape[1], graph.num_kinds, **hyperparameters)
    model.build()
    model.set_table("history", history_table(splits, settings.history_length))
    for name, table in near.items():
        model.set_table(name, table)
    model.set_table("entity_ids", graph.entity_ids)
    return model


def near_nodes(
    graph: PathGraph, most_attributes: int, most_users: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Up to `most_attributes` attributes and `most_users` users of every item, as RKAN's side tables.

    Of more, every item keeps those that come first in one order of all nodes, drawn by `rng`: two items then keep many
    of the nodes that they share (a bottom-k sample), where independent draws would share next to none.

    Returns:
        "near_node", "near_kind", "near_relation": int32 [items, A]; node 0 pads.
    """
    item = np.repeat(np.arange(graph.num_item_rows), np.diff(graph.offsets))
    is_user = graph.nodes > graph.user_base
    order = np.lexsort((rng.permutation(graph.num_nodes)[graph.nodes], is_user, item))
    item, is_user = item[order], is_user[order]
    group = 2 * item + is_user
    place = np.arange(len(group)) - np.searchsorted(group, group)
    kept = place < np.where(is_user, most_users, most_attributes)
    order, item = order[kept], item[kept]
    column = np.arange(len(item)) - np.searchsorted(item, item)
    width = max(int(column.max(initial=0)) + 1, 1)
    tables = {}
    for name, values in (("near_node", graph.nodes), ("near_kind", graph.kinds), ("near_relation", graph.relations)):
        tables[name] = np.zeros((graph.num_item_rows, width), np.int32)
        tables[name][item, column] = values[order]
    return tables
