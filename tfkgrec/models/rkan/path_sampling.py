"""Semantic paths user -> item -> .. -> item of RKAN, drawn afresh for millions of pairs (Cheng et al., III A)."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.models.rkan.path_drawing import Edges, Pairs, draw_rows
from tfkgrec.models.rkan.path_graph import PathGraph
from tfkgrec.progress import counted

SLICES = 50  # of the rows, between two states of the progress bar
CHUNKS = 8  # of a slice, shared out among the cores


@dataclass(frozen=True)
class PathRequest:
    """Pairs grouped by the items that their paths may start with.

    Attributes:
        items, offsets: row r starts with `items[offsets[r]:offsets[r + 1]]`, each item once: the user's history.
        pair_offsets: int64 [rows + 1]; the pairs of row r are `pair_offsets[r]:pair_offsets[r + 1]`.
        user, item: int [P]. No path starts with the item itself: the edge user - item is gone.
        lost: int [P], another item that no path of the pair starts with, 0 for none. A positive in its own history
            loses an edge to score it; the negatives beside it lose one as well, or the numbers of paths tell the label
            ("Leave the target out, without a trace").
    """

    items: np.ndarray
    offsets: np.ndarray
    pair_offsets: np.ndarray
    user: np.ndarray
    item: np.ndarray
    lost: np.ndarray


def sample_paths(
    graph: PathGraph,
    request: PathRequest,
    num_paths: int,
    max_edges: int = 3,
    seed: int = 0,
    progress: str = "",
) -> np.ndarray:
    """Draw up to `num_paths` distinct simple paths of at most `max_edges` edges for every pair.

    Paths of 3 edges are drawn uniformly without replacement within each kind of their last middle node (genre,
    director, actor, other user): every kind in turn gives one until there are enough, since nearly all paths lead
    through other users. Longer ones are drawn by walking back from the item, kind by kind, a repeat being dropped;
    each length gets an equal part. A pair with few paths gets what there is.

    The result depends on the seed only, not on the number of cores.

    Args:
        max_edges: 3, 5 or 7.
        progress: what the progress bar says; empty: no bar.

    Returns:
        [P, num_paths, max_edges - 1] of `graph.id_type`: the nodes between user and item, 0-padded on the left; a slot
        without a path is all 0.
    """
    if max_edges not in (3, 5, 7):
        raise ValueError(f"`max_edges` should be 3, 5 or 7. Received: {max_edges}")
    found: np.ndarray = np.zeros((len(request.user), num_paths, max_edges - 1), graph.id_type)
    rows = len(request.pair_offsets) - 1
    if not num_paths or not rows:
        return found
    edges = Edges(graph.offsets, graph.nodes, graph.kinds, graph.num_kinds, *graph.items_of_nodes())
    pairs = _pairs(graph, request)
    bounds = np.linspace(0, rows, min(SLICES, rows) + 1).astype(np.int64)
    slices = range(len(bounds) - 1)
    for number in counted(slices, "parts", progress) if progress else slices:
        first, last = bounds[number : number + 2]
        draw_rows(np.linspace(first, last, CHUNKS + 1).astype(np.int64), edges, pairs, np.uint64(seed), found)
    return found


def _pairs(graph: PathGraph, request: PathRequest) -> Pairs:
    return Pairs(
        items=request.items,
        offsets=request.offsets,
        pair_offsets=request.pair_offsets,
        own=graph.user_node(request.user).astype(np.int32),
        item=request.item.astype(np.int32),
        lost=request.lost.astype(np.int32),
    )
