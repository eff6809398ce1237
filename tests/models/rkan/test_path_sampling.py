"""Paths: counted in closed form and by walking everywhere, drawn without repeats, kind by kind, from the seed alone."""

from collections.abc import Iterator

import numba
import numpy as np
import pytest
from scipy import sparse

from tests.data import small
from tfkgrec.data.draws import draws_of
from tfkgrec.data.history import History
from tfkgrec.evaluation.ctr import auc_within
from tfkgrec.models.rkan.path_graph import PathGraph, path_graph
from tfkgrec.models.rkan.path_sampling import PathRequest, sample_paths
from tfkgrec.protocols.ctr.split import user_histories

DATASET = small.dataset(users=80, items=40)
HISTORY = user_histories(DATASET.interactions.positives, DATASET.users.size, draws_of(DATASET, 0, 1))
ROWS = HISTORY.items, HISTORY.offsets
GRAPH = path_graph(DATASET.graph, DATASET.num_items, HISTORY)


def count_paths(
    graph: PathGraph,
    rows: tuple[np.ndarray, np.ndarray],
    row: np.ndarray,
    user: np.ndarray,
    item: np.ndarray,
    lost: np.ndarray,
) -> np.ndarray:
    """How many paths user -> i -> node -> item of 3 edges there are, in closed form from item-item co-counts.

    With C_k[i, v] the nodes that i has and that v has by an edge of kind k, and H the items that the paths of a row
    may start with, without the item itself and without the lost one:

        count_k(u, v) = sum over i in H of C_k[i, v] - (for users, where u has v: |H|, the paths back through u)

    The co-counts are dense: items x items of int64.

    Args:
        rows: (items, offsets), the H of each row before anything is lost.
        row, user, item, lost: int [P], as in `sample_paths`.

    Returns:
        int64 [P, K].
    """
    items, offsets = rows
    held = sparse.csr_array(
        (np.ones(len(items), np.int64), items, offsets), shape=(len(offsets) - 1, graph.num_item_rows)
    )
    everything = graph.adjacency()
    has = (held[row, item] > 0).astype(np.int64)
    loses = np.where((lost > 0) & (lost != item), (held[row, lost] > 0).astype(np.int64), 0)
    counts = np.zeros((len(row), graph.num_kinds), np.int64)
    for kind in range(graph.num_kinds):
        together = (everything @ graph.adjacency(kind).T).toarray()  # [items, items]
        total = held @ together  # [rows, items]
        counts[:, kind] = total[row, item] - has * together[item, item] - loses * together[lost, item]
    own = graph.user_node(user)
    back = np.where(own > 0, everything[item, own], 0)
    size = np.diff(offsets)[row] - has - loses
    counts[:, -1] -= back * size
    return counts


def middles(graph: PathGraph, item: int) -> dict[int, int]:
    """Node -> kind."""
    part = slice(graph.offsets[item], graph.offsets[item + 1])
    return dict(zip(graph.nodes[part].tolist(), graph.kinds[part].tolist(), strict=True))


def walk(graph: PathGraph, history: list[int], own: int, item: int, lost: int, edges: int) -> Iterator[tuple[int, ...]]:
    """Every simple path, as its nodes between user and item."""
    near = [middles(graph, i) for i in range(graph.num_item_rows)]
    items_of = {n: [i for i in range(len(near)) if n in near[i]] for n in range(graph.num_nodes)}

    def go(at: int, path: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        for node in near[at]:
            if node == own or node in path:
                continue
            if len(path) == edges - 2:
                if node in near[item]:
                    yield (*path, node)
                continue
            for nxt in items_of[node]:
                if nxt != item and nxt not in path:
                    yield from go(nxt, (*path, node, nxt))

    for first in history:
        if first not in (item, lost):
            yield from go(first, (first,))


def pairs_of_all_kinds(rng: np.random.Generator, graph: PathGraph = GRAPH) -> PathRequest:
    """For each user: up to four training positives, four random items with something lost, and item 0."""
    user, item, lost, counts = [], [], [], []
    for u in range(len(ROWS[1]) - 1):
        own = ROWS[0][ROWS[1][u] : ROWS[1][u + 1]]
        positives = rng.permutation(own)[:4].tolist()
        others = rng.permutation(np.setdiff1d(np.arange(1, graph.num_item_rows), own))[:4].tolist()
        item += [*positives, *others, 0]
        lost += [0] * len(positives) + [int(rng.choice(own)) if len(own) else 0 for _ in others] + [0]
        user += [u] * (len(positives) + 5)
        counts.append(len(positives) + 5)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return PathRequest(*ROWS, offsets, np.array(user), np.array(item), np.array(lost))


def row_of(request: PathRequest) -> np.ndarray:
    return np.repeat(np.arange(len(request.pair_offsets) - 1), np.diff(request.pair_offsets))


def every_path(request: PathRequest, pair: int, edges: int = 3, graph: PathGraph = GRAPH) -> list[tuple[int, ...]]:
    row = row_of(request)[pair]
    history = request.items[request.offsets[row] : request.offsets[row + 1]].tolist()
    own = int(graph.user_node(request.user[pair]))
    return list(walk(graph, history, own, int(request.item[pair]), int(request.lost[pair]), edges))


REQUEST = pairs_of_all_kinds(np.random.default_rng(3))


def drawn(found: np.ndarray, pair: int) -> list[tuple[int, ...]]:
    return [tuple(int(n) for n in path if n) for path in found[pair] if path.any()]


def test_the_graph_holds_attributes_and_training_positives_and_nothing_else():
    edges = {(i, n) for i in range(GRAPH.num_item_rows) for n in middles(GRAPH, i)}
    items = DATASET.num_items
    triples = zip(DATASET.graph.head.tolist(), DATASET.graph.tail.tolist(), strict=True)
    wanted = {(h, t) for h, t in triples if h <= items < t}  # sequel_of joins two items: left out
    assert {(i, int(GRAPH.entity_ids[n])) for i, n in edges if n < GRAPH.user_base + 1} == wanted
    owner = np.repeat(np.arange(len(ROWS[1]) - 1), np.diff(ROWS[1]))
    assert {(i, n - GRAPH.user_base) for i, n in edges if n > GRAPH.user_base} == {
        (int(i), int(u)) for u, i in zip(owner, ROWS[0], strict=True)
    }
    assert GRAPH.num_kinds == 4
    assert GRAPH.num_nodes == GRAPH.user_base + DATASET.users.size
    assert GRAPH.id_type is np.uint16


def test_counts_in_closed_form_are_those_of_walking_everywhere():
    found = count_paths(GRAPH, ROWS, row_of(REQUEST), REQUEST.user, REQUEST.item, REQUEST.lost)
    assert found.sum() > 1000
    for pair in range(len(REQUEST.item)):
        kinds = [middles(GRAPH, REQUEST.item[pair])[path[-1]] for path in every_path(REQUEST, pair)]
        assert np.array_equal(found[pair], np.bincount(kinds, minlength=GRAPH.num_kinds)), pair


@pytest.mark.parametrize("num_paths", [1, 4, 1000])
def test_paths_are_distinct_real_and_shared_out_over_the_kinds(num_paths):
    found = sample_paths(GRAPH, REQUEST, num_paths, seed=1)
    there = count_paths(GRAPH, ROWS, row_of(REQUEST), REQUEST.user, REQUEST.item, REQUEST.lost)
    for pair in range(len(REQUEST.item)):
        got = drawn(found, pair)
        assert len(set(got)) == len(got) == min(num_paths, there[pair].sum())
        assert set(got) <= set(every_path(REQUEST, pair))
        taken = np.bincount([middles(GRAPH, REQUEST.item[pair])[p[-1]] for p in got], minlength=GRAPH.num_kinds)
        open_ = taken[taken < there[pair]]  # kinds that could have given more
        assert not len(open_) or taken.max() <= open_.min() + 1


@pytest.mark.parametrize("edges", [5, 7])
def test_longer_paths_are_simple_and_in_the_graph(edges):
    found = sample_paths(GRAPH, REQUEST, 8, edges, seed=1)
    assert found.shape == (len(REQUEST.item), 8, edges - 1)
    lengths = set()
    for pair in range(0, len(REQUEST.item), 7):
        got = drawn(found, pair)
        assert len(set(got)) == len(got)
        lengths |= {len(path) + 1 for path in got}
        for path in got:
            if len(path) < 6:
                assert path in set(every_path(REQUEST, pair, len(path) + 1))
            else:
                nodes = [int(GRAPH.user_node(REQUEST.user[pair])), *path, int(REQUEST.item[pair])]
                assert len(set(nodes)) == 8
                for i, node in [(nodes[k], nodes[k + 1]) for k in (1, 3, 5)] + [
                    (nodes[k + 1], nodes[k]) for k in (2, 4, 6)
                ]:
                    assert node in middles(GRAPH, i)
                assert path[0] in ROWS[0][ROWS[1][REQUEST.user[pair]] : ROWS[1][REQUEST.user[pair] + 1]]
    assert lengths == set(range(3, edges + 1, 2))


def test_every_path_is_equally_likely_within_its_kind():
    pair = int(np.argmax(count_paths(GRAPH, ROWS, row_of(REQUEST), REQUEST.user, REQUEST.item, REQUEST.lost)[:, -1]))
    users = [p for p in every_path(REQUEST, pair) if middles(GRAPH, REQUEST.item[pair])[p[-1]] == GRAPH.num_kinds - 1]
    assert len(users) > 20
    times = dict.fromkeys(users, 0)
    draws = 400
    for seed in range(draws):
        for path in drawn(sample_paths(GRAPH, REQUEST, 8, seed=seed), pair):
            if path in times:
                times[path] += 1
    counts = np.array(list(times.values()))
    share = counts.sum() / draws / len(users)
    spread = np.sqrt(draws * share * (1 - share))
    assert np.abs(counts - draws * share).max() < 4.5 * spread


def test_the_seed_decides_and_the_number_of_cores_does_not():
    first = sample_paths(GRAPH, REQUEST, 4, seed=1)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    again = sample_paths(GRAPH, REQUEST, 4, seed=1)
    numba.set_num_threads(threads)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, sample_paths(GRAPH, REQUEST, 4, seed=2))


def test_no_paths_at_all():
    assert sample_paths(GRAPH, REQUEST, 0).shape == (len(REQUEST.item), 0, 2)
    nobody = PathRequest(*ROWS, np.zeros(1, np.int64), *(np.zeros(0, np.int64) for _ in range(3)))
    assert sample_paths(GRAPH, nobody, 3).shape == (0, 3, 2)
    stranger = PathRequest(
        np.zeros(0, np.int32), np.zeros(2, np.int64), np.array([0, 1]), np.array([0]), np.array([5]), np.array([0])
    )
    assert not sample_paths(GRAPH, stranger, 3, 7).any()


# ---------------------------------------------------------------------------------------------------------------------
# leaks


def random_world(lose: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who takes what is a coin's decision: counts [P, K + 1], labels and users of positives and negatives."""
    rng = np.random.default_rng(0)
    users, items = 150, 40
    taken = rng.random((users, items)) < 0.12
    taken[0] = taken[:, 0] = False
    offsets = np.concatenate([[0], np.cumsum(taken.sum(1))])
    rows = (np.nonzero(taken)[1].astype(np.int32), offsets)
    graph = path_graph(DATASET.graph, items - 1, History(*rows))
    user, item = np.nonzero(np.ones_like(taken))
    real = (user > 0) & (item > 0)
    user, item = user[real], item[real]
    label = taken[user, item]
    lost = (
        np.where(
            label,
            0,
            [
                rng.choice([*rows[0][offsets[u] : offsets[u + 1]], 0][: max(1, offsets[u + 1] - offsets[u])])
                for u in user
            ],
        )
        * lose
    )
    request = PathRequest(*rows, np.searchsorted(user, np.arange(users + 1)), user, item, lost)
    counts = count_paths(graph, rows, user, user, item, lost)
    found = sample_paths(graph, request, 12, seed=0)
    kinds = np.array(
        [[middles(graph, i).get(n, -1) for n in path[:, 1].tolist()] for i, path in zip(item, found, strict=True)]
    )
    shares = [(kinds == k).sum(axis=1) for k in range(graph.num_kinds)]
    return np.column_stack([counts, counts.sum(axis=1), *shares, (kinds >= 0).sum(axis=1)]), label, user


def test_numbers_and_kinds_of_paths_tell_nothing_about_random_labels():
    features, label, user = random_world(lose=True)
    for column in features.T:
        assert abs(auc_within(label, column, user) - 0.5) < 0.035


def test_the_check_notices_that_only_positives_lost_an_edge():
    features, label, user = random_world(lose=False)
    assert min(auc_within(label, column, user) for column in features.T) < 0.4


def test_no_path_uses_the_edge_that_is_scored():
    found = sample_paths(GRAPH, REQUEST, 64, 5, seed=0)
    own = GRAPH.user_node(REQUEST.user)[:, None, None]
    assert not np.any((found == own) & (found > 0))
    assert not np.any((found == REQUEST.item[:, None, None]) & (found > 0))
    first = np.array([[path[path > 0][:1].sum() for path in pair] for pair in found])
    assert not np.any((first == REQUEST.lost[:, None]) & (first > 0))
