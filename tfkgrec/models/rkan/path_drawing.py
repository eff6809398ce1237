"""The compiled part of `sample_paths`: what numba makes of it draws millions of paths a second and core."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np

TRIES = 6  # walks begun for each path of more than 3 edges that is wanted
ENUMERATE = 4  # few paths: list them all when there are at most this many for each one wanted

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(parallel: bool = False, inline: bool = False) -> Callable[[Function], Function]:
    """numba.njit, with the types that it does not tell.

    Args:
        inline: make it part of its caller: a call counts references to every array that it is given.
    """
    way = "always" if inline else "never"
    return cast(Callable[[Function], Function], numba.njit(cache=True, parallel=parallel, inline=way))


class Edges(NamedTuple):
    """The graph, of items and of nodes: `PathGraph` and its `items_of_nodes`."""

    offsets: np.ndarray
    nodes: np.ndarray
    kinds: np.ndarray
    num_kinds: int
    node_offsets: np.ndarray
    node_items: np.ndarray


class Pairs(NamedTuple):
    """A `PathRequest`, users as nodes."""

    items: np.ndarray
    offsets: np.ndarray
    pair_offsets: np.ndarray
    own: np.ndarray
    item: np.ndarray
    lost: np.ndarray


class Scratch(NamedTuple):
    """What is known of the row and of the pair at hand; one for every thread."""

    size: np.ndarray  # of a node: how many items of the row have it
    start: np.ndarray  # and where these stand in `lists`
    touched: np.ndarray  # the nodes of which there are any
    held: np.ndarray  # which items the row has
    marked: np.ndarray  # of a node: the last pair whose lost item has it
    cumulated: np.ndarray  # paths through the item's middle nodes, cumulated within a kind
    kind_end: np.ndarray  # where the edges of each kind end
    there: np.ndarray  # paths of each kind
    given: np.ndarray  # and how many are drawn
    few: np.ndarray  # paths of a kind, listed
    state: np.ndarray  # of the generator


@_compiled(parallel=True)
def draw_rows(bounds: np.ndarray, edges: Edges, pairs: Pairs, seed: np.uint64, found: np.ndarray) -> None:
    """`sample_paths` for the rows bounds[0]..bounds[-1] into `found`, one chunk a thread."""
    for chunk in numba.prange(len(bounds) - 1):
        _draw_chunk(bounds[chunk], bounds[chunk + 1], edges, pairs, seed, found)


@_compiled()
def _draw_chunk(first: int, last: int, edges: Edges, pairs: Pairs, seed: np.uint64, found: np.ndarray) -> None:
    """The rows first..last - 1. In the loop above numba would let all threads share the scratch."""
    scratch = _scratch(edges, found.shape[1])
    for row in range(first, last):
        if pairs.pair_offsets[row] == pairs.pair_offsets[row + 1]:
            continue
        scratch.state[0] = seed ^ (np.uint64(row) * np.uint64(0xD1342543DE82EF95))
        num_touched, lists = _join_row(row, edges, pairs, scratch)
        for pair in range(pairs.pair_offsets[row], pairs.pair_offsets[row + 1]):
            if pairs.item[pair]:
                lost = _count_paths(pair, edges, pairs, scratch)
                filled = _draw_short(pair, lost, edges, pairs, lists, scratch, found)
                _draw_long(pair, lost, filled, edges, pairs, lists, scratch, found)
        for k in range(num_touched):
            scratch.size[scratch.touched[k]] = 0
        for k in range(pairs.offsets[row], pairs.offsets[row + 1]):
            scratch.held[pairs.items[k]] = False


@_compiled()
def _scratch(edges: Edges, num_paths: int) -> Scratch:
    num_items, num_nodes, num_kinds = len(edges.offsets) - 1, len(edges.node_offsets) - 1, edges.num_kinds
    most = 0
    for i in range(num_items):
        most = max(most, edges.offsets[i + 1] - edges.offsets[i])
    return Scratch(
        np.zeros(num_nodes, np.int32),
        np.zeros(num_nodes, np.int64),
        np.empty(num_nodes, np.int32),
        np.zeros(num_items, np.bool_),
        np.full(num_nodes, -1, np.int64),
        np.empty(most + 1, np.int64),
        np.empty(num_kinds, np.int64),
        np.empty(num_kinds, np.int64),
        np.empty(num_kinds, np.int64),
        np.empty((ENUMERATE * num_paths + 1, 2), np.int32),
        np.zeros(1, np.uint64),
    )


@_compiled(inline=True)
def _join_row(row: int, edges: Edges, pairs: Pairs, scratch: Scratch) -> tuple[int, np.ndarray]:
    """All (node, item of the row) that are joined: how many nodes, and the items, sorted by node."""
    offsets, nodes, size, start = edges.offsets, edges.nodes, scratch.size, scratch.start
    num_touched = 0
    for k in range(pairs.offsets[row], pairs.offsets[row + 1]):
        item = pairs.items[k]
        scratch.held[item] = True
        for e in range(offsets[item], offsets[item + 1]):
            if size[nodes[e]] == 0:
                scratch.touched[num_touched] = nodes[e]
                num_touched += 1
            size[nodes[e]] += 1
    total = 0
    for k in range(num_touched):
        node = scratch.touched[k]
        start[node] = total
        total += size[node]
        size[node] = 0
    lists = np.empty(total, np.int32)
    for k in range(pairs.offsets[row], pairs.offsets[row + 1]):
        item = pairs.items[k]
        for e in range(offsets[item], offsets[item + 1]):
            lists[start[nodes[e]] + size[nodes[e]]] = item
            size[nodes[e]] += 1
    return num_touched, lists


@_compiled(inline=True)
def _count_paths(pair: int, edges: Edges, pairs: Pairs, scratch: Scratch) -> int:
    """How many paths of 3 edges go through each middle node of the item; the item that is lost, 0 for none."""
    offsets, nodes = edges.offsets, edges.nodes
    kinds, size, held, marked = edges.kinds, scratch.size, scratch.held, scratch.marked
    there, cumulated, kind_end = scratch.there, scratch.cumulated, scratch.kind_end
    item, own, lost = pairs.item[pair], pairs.own[pair], pairs.lost[pair]
    loses = lost != item and lost > 0 and held[lost]
    if loses:
        for e in range(offsets[lost], offsets[lost + 1]):
            marked[nodes[e]] = pair
    there[:] = 0
    kind_end[:] = offsets[item]
    for e in range(offsets[item], offsets[item + 1]):
        node, kind = nodes[e], int(kinds[e])
        through = 0
        if node != own:
            through = size[node] - (1 if held[item] else 0)
            if loses and marked[node] == pair:
                through -= 1
        there[kind] += through
        cumulated[e - offsets[item]] = there[kind]
        kind_end[kind] = e + 1
    return int(lost) if loses else 0


@_compiled(inline=True)
def _draw_short(
    pair: int, lost: int, edges: Edges, pairs: Pairs, lists: np.ndarray, scratch: Scratch, found: np.ndarray
) -> int:
    """Paths of 3 edges, kind by kind; returns how many."""
    num_paths, width = found.shape[1], found.shape[2]
    item, there, given, few = pairs.item[pair], scratch.there, scratch.given, scratch.few
    offsets, nodes, start, size = edges.offsets, edges.nodes, scratch.start, scratch.size
    state, cumulated, kind_end = scratch.state, scratch.cumulated, scratch.kind_end
    _share_out(num_paths - (num_paths * (width // 2 - 1)) // (width // 2), there, given)
    filled = 0
    begin: Any = offsets[item]
    for kind in range(edges.num_kinds):
        end: Any = max(begin, kind_end[kind])
        last = filled + given[kind]
        if given[kind] and there[kind] <= ENUMERATE * given[kind]:
            listed = _list_paths(begin, end, pair, lost, edges, pairs, lists, scratch)
            for k in range(given[kind]):
                other = k + _below(state, listed - k)
                first, node = few[other, 0], few[other, 1]
                few[other, 0], few[other, 1] = few[k, 0], few[k, 1]
                found[pair, filled, width - 2], found[pair, filled, width - 1] = first, node
                filled += 1
        while filled < last:
            target = _below(state, there[kind])
            low, high = begin, end - 1
            while low < high:
                middle = (low + high) // 2
                if cumulated[middle - offsets[item]] > target:
                    high = middle
                else:
                    low = middle + 1
            node = nodes[low]
            first = item
            while first == item or first == lost:
                first = lists[start[node] + _below(state, size[node])]
            found[pair, filled, width - 2], found[pair, filled, width - 1] = first, node
            if _is_new(found[pair], filled):
                filled += 1
        begin = end
    return filled


@_compiled(inline=True)
def _list_paths(
    begin: int, end: int, pair: int, lost: int, edges: Edges, pairs: Pairs, lists: np.ndarray, scratch: Scratch
) -> int:
    """All paths of 3 edges through the item's edges begin..end - 1 into `few`; returns how many."""
    item, own, start, size, few = pairs.item[pair], pairs.own[pair], scratch.start, scratch.size, scratch.few
    listed = 0
    for e in range(begin, end):
        node = edges.nodes[e]
        if node != own:
            for k in range(start[node], start[node] + size[node]):
                if lists[k] != item and lists[k] != lost:
                    few[listed, 0], few[listed, 1] = lists[k], node
                    listed += 1
    return listed


@_compiled(inline=True)
def _draw_long(
    pair: int,
    lost: int,
    filled: int,
    edges: Edges,
    pairs: Pairs,
    lists: np.ndarray,
    scratch: Scratch,
    found: np.ndarray,
) -> None:
    """Longer paths, in the places that the short ones left over; what stays empty is 0."""
    num_paths, longest = found.shape[1], found.shape[2] + 1
    first, last = edges.offsets[pairs.item[pair]], edges.offsets[pairs.item[pair] + 1]
    length, attempt, kind_end = 5, 0, scratch.kind_end
    while longest > 3 and filled < num_paths and attempt < TRIES * num_paths and first < last:
        kind = attempt % edges.num_kinds
        begin: Any = first
        for k in range(kind):
            begin = max(begin, kind_end[k])
        end: Any = max(begin, kind_end[kind])
        attempt += 1
        if begin < end:
            good = _walk_back(found[pair, filled], pair, lost, length, begin, end, edges, pairs, lists, scratch)
            if good and _is_new(found[pair], filled):
                filled += 1
                length = 5 if length == longest else length + 2
    for slot in range(filled, num_paths):
        found[pair, slot] = 0


@_compiled(inline=True)
def _walk_back(
    path: np.ndarray,
    pair: int,
    lost: int,
    length: int,
    begin: int,
    end: int,
    edges: Edges,
    pairs: Pairs,
    lists: np.ndarray,
    scratch: Scratch,
) -> bool:
    """One walk user .. item of `length` edges into `path`, right-aligned, the last of them among the item's begin..end.

    Returns whether it is a simple path.
    """
    item, own, state, size, start = pairs.item[pair], pairs.own[pair], scratch.state, scratch.size, scratch.start
    offsets, nodes, node_offsets, node_items = edges.offsets, edges.nodes, edges.node_offsets, edges.node_items
    place = len(path)
    path[:] = 0
    for step in range(length // 2):
        node = nodes[begin + _below(state, end - begin)]
        if node == own or _is_in(path, place, node):
            return False
        path[place - 1] = node
        if step == length // 2 - 1:  # the first hop: from an item that the user took
            if size[node] == 0:
                return False
            following = lists[start[node] + _below(state, size[node])]
            if following == lost:
                return False
        else:
            number = node_offsets[node + 1] - node_offsets[node]
            following = node_items[node_offsets[node] + _below(state, number)]
        if following == item or _is_in(path, place, following):
            return False
        path[place - 2] = following
        place -= 2
        begin, end = offsets[following], offsets[following + 1]
    return True


@_compiled(inline=True)
def _is_in(path: np.ndarray, place: int, id_: int) -> bool:
    """Whether path[place:] holds `id_`."""
    for k in range(place, len(path)):
        if path[k] == id_:
            return True
    return False


@_compiled()
def _next(state: np.ndarray) -> Any:
    """SplitMix64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@_compiled()
def _below(state: np.ndarray, bound: int) -> Any:
    """A number in 0..bound - 1."""
    return np.int64(_next(state) % np.uint64(bound))


@_compiled()
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


@_compiled()
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
