"""RKAN from its settings: the graph of training, and the part of it that the model carries to find paths itself."""

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.models.context import BuildContext
from tfkgrec.models.rkan.model import OF_BUILDER, RKAN, PathSizes
from tfkgrec.models.rkan.path_graph import PathGraph, path_graph
from tfkgrec.models.rkan.path_source import PathSource
from tfkgrec.models.rkan.settings import RkanSettings


def build(settings: RkanSettings, context: BuildContext) -> RKAN:
    """A built RKAN with its side tables, and the source of the paths that it is trained on.

    Raises:
        InputError: the graph has no attribute of any item, whichever way its triples point.
    """
    dataset, history = context.dataset, context.history
    graph = path_graph(dataset.graph, dataset.num_items, history)
    if settings.num_paths and len(graph.entity_ids) == dataset.items.size:
        raise InputError(f"{dataset.name}: expected triples that join an item with what is no item, found none")
    near = near_nodes(graph, settings.near_attributes, settings.near_users, context.rng)
    sizes = PathSizes(
        num_users=dataset.users.size,
        num_items=dataset.items.size,
        num_nodes=graph.num_nodes,
        user_base=graph.user_base,
        num_near=near["near_node"].shape[1],
        num_kinds=graph.num_kinds,
    )
    of_model = {name: value for name, value in settings.hyperparameters().items() if name not in OF_BUILDER}
    model = RKAN.from_settings(sizes, of_model)
    model.build()
    model.set_table("history", history.newest(settings.history_length))
    for name, table in near.items():
        model.set_table(name, table)
    model.set_table("entity_ids", graph.entity_ids)
    if settings.num_paths:
        newest = settings.paths_from == "newest"
        model.pair_inputs = PathSource(graph, settings.num_paths, settings.max_edges, newest, settings.redraw_paths)
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
