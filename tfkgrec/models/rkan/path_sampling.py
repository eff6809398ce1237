"""Semantic paths user -> item -> .. -> item of RKAN, drawn afresh for millions of pairs (Cheng et al., III A)."""

import sys
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from tfkgrec.models.rkan.path_graph import PathGraph

SLICES = 50  # of the rows, between two states of the progress bar
CHUNKS = 8  # of a slice, shared out among the cores
TRIES = 6  # walks begun for each path of more than 3 edges that is wanted
ENUMERATE = 4  # few paths: list them all when there are at most this many for each one wanted


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
        progress: what the progress bar says, on a terminal; empty: no bar.

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
    node_offsets, node_items = graph.items_of_nodes()
    own = graph.user_node(request.user).astype(np.int32)
    bounds = np.linspace(0, rows, min(SLICES, rows) + 1).astype(np.int64)
    for number, (first, last) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        _sample(
            *(np.linspace(first, last, CHUNKS + 1).astype(np.int64), request.items, request.offsets),
            *(request.pair_offsets, own, request.item.astype(np.int32), request.lost.astype(np.int32)),
            *(graph.offsets, graph.nodes, graph.kinds, graph.num_kinds, node_offsets, node_items),
            *(np.uint64(seed), found),
        )
        if progress and sys.stderr.isatty():
            share = (number + 1) / (len(bounds) - 1)
            end = "\n" if share == 1 else ""
            print(f"\r{progress}  {'=' * round(30 * share):.<30} {share:4.0%}", end=end, file=sys.stderr, flush=True)
    return found


@numba.njit(cache=True)
def _next(state: np.ndarray) -> np.uint64:
    """SplitMix64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True)
def _below(state: np.ndarray, bound: int) -> Any:
    """A number in 0..bound - 1."""
    return np.int64(_next(state) % np.uint64(bound))


@numba.njit(cache=True)
def _share_out(wanted: int, there: np.ndarray, given: np.ndarray) -> int:
    """Every kind in turn gives one until `wanted` are given or none is left; returns how many."""
    given[:] = 0
    total = 0
    moved = True
    while total < wanted and moved:
        moved = False
        for kind in range(len(there)):
            if total < wanted and given[kind] < there[kind]:
                given[kind] += 1
                total += 1
                moved = True
    return total


@numba.njit(cache=True)
def _is_new(found: np.ndarray, filled: int) -> bool:
    """Whether path `filled` differs from all before it."""
    for slot in range(filled):
        same = True
        for k in range(found.shape[1]):
            if found[slot, k] != found[filled, k]:
                same = False
                break
        if same:
            return False
    return True


@numba.njit(cache=True)
def _walk_back(
    state: Any, path: Any, item: int, own: int, lost: int, edges: int, kind_begin: int, kind_end: int,
    offsets: Any, nodes: Any, node_offsets: Any, node_items: Any, start: Any, count: Any, lists: Any,
) -> bool:  # fmt: skip
    """One walk user .. item of `edges` edges into `path` (right-aligned); whether it is a simple path of the graph."""
    width = len(path)
    path[:] = 0
    at = item
    begin, end = kind_begin, kind_end  # edges of `at` to choose from
    place = width
    for step in range(edges // 2):
        node = nodes[begin + _below(state, end - begin)]
        if node == own:
            return False
        for k in range(place, width):
            if path[k] == node:
                return False
        path[place - 1] = node
        first_hop = step == edges // 2 - 1
        if first_hop:
            if count[node] == 0:
                return False
            following = lists[start[node] + _below(state, count[node])]
            if following == lost:
                return False
        else:
            size = node_offsets[node + 1] - node_offsets[node]
            following = node_items[node_offsets[node] + _below(state, size)]
        if following == item:
            return False
        for k in range(place, width):
            if path[k] == following:
                return False
        path[place - 2] = following
        place -= 2
        at = following
        begin, end = offsets[at], offsets[at + 1]
    return True


@numba.njit(cache=True, parallel=True)
def _sample(
    bounds: Any, items: Any, item_offsets: Any, pair_offsets: Any, owns: Any, candidates: Any, losts: Any,
    offsets: Any, nodes: Any, kinds: Any, num_kinds: int, node_offsets: Any, node_items: Any, seed: Any, found: Any,
) -> None:  # fmt: skip
    """`sample_paths` for the rows bounds[0]..bounds[-1], one chunk a thread."""
    num_items, num_nodes = len(offsets) - 1, len(node_offsets) - 1
    most = 0
    for i in range(num_items):
        most = max(most, offsets[i + 1] - offsets[i])
    num_paths, width = found.shape[1], found.shape[2]
    for chunk in numba.prange(len(bounds) - 1):
        count = np.zeros(num_nodes, np.int32)  # of a node: how many items of the row have it
        start = np.zeros(num_nodes, np.int64)  # and where these stand in `lists`
        touched = np.empty(num_nodes, np.int32)
        held = np.zeros(num_items, np.bool_)
        marked = np.full(num_nodes, -1, np.int64)  # the last pair whose lost item has the node
        cumulated = np.empty(most + 1, np.int64)
        kind_end = np.empty(num_kinds, np.int64)
        there, given = np.empty(num_kinds, np.int64), np.empty(num_kinds, np.int64)
        few = np.empty((ENUMERATE * num_paths + 1, 2), np.int32)
        state = np.zeros(1, np.uint64)
        for row in range(bounds[chunk], bounds[chunk + 1]):
            if pair_offsets[row] == pair_offsets[row + 1]:
                continue
            state[0] = seed ^ (np.uint64(row) * np.uint64(0xD1342543DE82EF95))
            # All (node, item of the row) that are joined, sorted by node.
            num_touched = 0
            for k in range(item_offsets[row], item_offsets[row + 1]):
                held[items[k]] = True
                for e in range(offsets[items[k]], offsets[items[k] + 1]):
                    if count[nodes[e]] == 0:
                        touched[num_touched] = nodes[e]
                        num_touched += 1
                    count[nodes[e]] += 1
            total = 0
            for k in range(num_touched):
                start[touched[k]] = total
                total += count[touched[k]]
                count[touched[k]] = 0
            lists = np.empty(total, np.int32)
            for k in range(item_offsets[row], item_offsets[row + 1]):
                for e in range(offsets[items[k]], offsets[items[k] + 1]):
                    lists[start[nodes[e]] + count[nodes[e]]] = items[k]
                    count[nodes[e]] += 1

            for pair in range(pair_offsets[row], pair_offsets[row + 1]):
                v, own, lost = candidates[pair], owns[pair], losts[pair]
                if v == 0:
                    continue
                loses = lost != v and lost > 0 and held[lost]
                if loses:
                    for e in range(offsets[lost], offsets[lost + 1]):
                        marked[nodes[e]] = pair
                else:
                    lost = 0
                # How many paths go through each middle node of the item, cumulated within its kind.
                there[:] = 0
                begin: Any = offsets[v]
                kind_end[:] = begin
                for e in range(offsets[v], offsets[v + 1]):
                    node, kind = nodes[e], int(kinds[e])
                    through = 0
                    if node != own:
                        through = count[node] - (1 if held[v] else 0)
                        if loses and marked[node] == pair:
                            through -= 1
                    there[kind] += through
                    cumulated[e - offsets[v]] = there[kind]
                    kind_end[kind] = e + 1
                wanted = num_paths - (num_paths * (width // 2 - 1)) // (width // 2)
                _share_out(wanted, there, given)
                filled = 0
                begin = offsets[v]
                for kind in range(num_kinds):
                    end: Any = max(begin, kind_end[kind])
                    if given[kind] == 0:
                        begin = end
                        continue
                    last = filled + given[kind]
                    if there[kind] <= ENUMERATE * given[kind]:
                        listed = 0
                        for e in range(begin, end):
                            if nodes[e] != own:
                                for k in range(start[nodes[e]], start[nodes[e]] + count[nodes[e]]):
                                    if lists[k] != v and lists[k] != lost:
                                        few[listed, 0], few[listed, 1] = lists[k], nodes[e]
                                        listed += 1
                        for k in range(given[kind]):
                            other = k + _below(state, listed - k)
                            i, node = few[other, 0], few[other, 1]
                            few[other, 0], few[other, 1] = few[k, 0], few[k, 1]
                            found[pair, filled, width - 2], found[pair, filled, width - 1] = i, node
                            filled += 1
                    while filled < last:
                        target = _below(state, there[kind])
                        low, high = begin, end - 1
                        while low < high:
                            middle = (low + high) // 2
                            if cumulated[middle - offsets[v]] > target:
                                high = middle
                            else:
                                low = middle + 1
                        node = nodes[low]
                        i = v
                        while i == v or i == lost:
                            i = lists[start[node] + _below(state, count[node])]
                        found[pair, filled, width - 2], found[pair, filled, width - 1] = i, node
                        if _is_new(found[pair], filled):
                            filled += 1
                    begin = end
                # Longer paths, and the places that the short ones left over.
                edges, attempt = 5, 0
                longest = width + 1
                while (
                    longest > 3 and filled < num_paths and attempt < TRIES * num_paths and offsets[v] < offsets[v + 1]
                ):
                    kind = attempt % num_kinds
                    begin = offsets[v]
                    for k in range(kind):
                        begin = max(begin, kind_end[k])
                    end = max(begin, kind_end[kind])
                    attempt += 1
                    if begin < end:
                        good = _walk_back(
                            state, found[pair, filled], v, own, lost, edges, begin, end,
                            offsets, nodes, node_offsets, node_items, start, count, lists,
                        )  # fmt: skip
                        if good and _is_new(found[pair], filled):
                            filled += 1
                            edges = 5 if edges == longest else edges + 2
                for slot in range(filled, num_paths):
                    found[pair, slot] = 0
            for k in range(num_touched):
                count[touched[k]] = 0
            for k in range(item_offsets[row], item_offsets[row + 1]):
                held[items[k]] = False
