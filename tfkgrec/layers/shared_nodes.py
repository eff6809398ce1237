"""Which middle nodes join a user's history with a candidate: RKAN's paths of 3 edges, found inside the graph."""

from keras import ops

from tfkgrec.types import Tensor


def joining_paths(  # long for what it has to say of its arguments
    history: Tensor,
    history_nodes: Tensor,
    item: Tensor,
    item_nodes: Tensor,
    item_kinds: Tensor,
    own: Tensor,
    num_kinds: int,
    most: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """The paths user -> history item -> node -> item, up to `most` for every pair, the newest history items first.

    Every kind of node in turn gives one path until there are enough, as where paths are drawn for training.

    Args:
        history: item ids [G, T], oldest first; 0 pads.
        history_nodes: their middle nodes [G, T, A]; 0 pads.
        item: candidates [G, M].
        item_nodes, item_kinds: middle nodes of the candidates and what joins them, [G, M, A].
        own: the user's own node [G]: no path leads back through it.
        num_kinds: kinds are 0..num_kinds - 1.
        most: S.

    Returns:
        paths int32 [G, M, S', 2] (history item, node), all 0 where there is none; slot int32 [G, M, S'], the place of
        the node among `item_nodes`; step int32 [G, M, S'], that of the item in the history. S' = min(S, T A).
    """
    t, a = history.shape[1], item_nodes.shape[2]
    near = ops.flip(history_nodes, axis=1)[:, None, :, None, :]  # [G, 1, T, 1, A], newest first
    shared = ops.any(ops.equal(near, item_nodes[:, :, None, :, None]), axis=-1)  # [G, M, T, A]
    real = ops.logical_and(ops.not_equal(item_nodes, 0), ops.not_equal(item_nodes, own[:, None, None]))
    first = ops.flip(history, axis=1)[:, None]  # [G, 1, T]
    allowed = ops.logical_and(ops.not_equal(first, 0), ops.not_equal(first, item[:, :, None]))
    hit = ops.logical_and(shared, ops.logical_and(real[:, :, None], allowed[..., None]))
    shape = (-1, item.shape[1] or ops.shape(item)[1], t * a)
    hit = ops.reshape(hit, shape)
    kind = ops.reshape(ops.broadcast_to(item_kinds[:, :, None], (*ops.shape(item), t, a)), shape)
    last = t * a * num_kinds
    order = ops.where(hit, _places_in_kind(hit, kind, num_kinds) * num_kinds + kind, last)
    chosen, place = ops.top_k(-order, min(most, t * a))  # [G, M, S']
    there = ops.cast(ops.less(-chosen, last), "int32")
    place = ops.cast(place, "int32")
    step, slot = place // a, place % a
    items = ops.take_along_axis(ops.broadcast_to(first, (*ops.shape(item), t)), step, axis=-1)
    nodes = ops.take_along_axis(item_nodes, slot, axis=-1)
    return ops.stack([items * there, nodes * there], axis=-1), slot, t - 1 - step


def _places_in_kind(hit: Tensor, kind: Tensor, num_kinds: int) -> Tensor:
    """The how manieth of its kind each hit [..., N] is, from 0."""
    place = ops.zeros_like(kind)
    for k in range(num_kinds):
        mine = ops.cast(ops.logical_and(hit, ops.equal(kind, k)), "int32")
        place = place + mine * (ops.cumsum(mine, axis=-1) - 1)
    return place
