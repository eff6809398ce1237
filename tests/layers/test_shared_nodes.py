"""Paths of 3 edges found inside the graph: those that walking finds, kind by kind, the newest first."""

import numpy as np
import pytest
from keras import ops

from tfkgrec.layers.shared_nodes import joining_paths

T, A, KINDS, NODES, ITEMS = 4, 5, 3, 20, 12
RNG = np.random.default_rng(0)
NEAR = RNG.permuted(np.tile(np.arange(ITEMS, NODES), (ITEMS, 1)), axis=1)[:, :A] * (RNG.random((ITEMS, A)) < 0.8)
NEAR[0] = 0
KIND = RNG.integers(0, KINDS, (ITEMS, A))
HISTORY = np.array([[3, 7, 1, 0], [5, 2, 8, 11], [0, 0, 0, 0]])
ITEM = np.array([[7, 4, 9], [6, 2, 0], [1, 2, 3]])
OWN = np.array([13, 0, 15])


def found(most: int = 100) -> tuple[np.ndarray, ...]:
    arrays = (HISTORY, NEAR[HISTORY], ITEM, NEAR[ITEM], KIND[ITEM], OWN)
    tensors = (ops.convert_to_tensor(array.astype(np.int32)) for array in arrays)
    return tuple(np.asarray(x) for x in joining_paths(*tensors, KINDS, most))


def by_walking(g: int, m: int) -> list[tuple[int, int, int, int]]:
    """(turn, kind, first item, node) of every path, in the order in which they are wanted."""
    turns, paths = [0] * KINDS, []
    for first in [i for i in HISTORY[g][::-1] if i and i != ITEM[g, m]]:
        for slot, node in enumerate(NEAR[ITEM[g, m]]):
            if node and node != OWN[g] and node in NEAR[first]:
                kind = KIND[ITEM[g, m], slot]
                paths.append((turns[kind], kind, int(first), int(node)))
                turns[kind] += 1
    return sorted(paths, key=lambda path: path[:2])


@pytest.mark.parametrize("most", [100, 3])
def test_equals_walking(most):
    paths, slot, step = found(most)
    assert paths.shape == (3, 3, min(most, T * A), 2)
    total = 0
    for g, m in np.ndindex(3, 3):
        expected = by_walking(g, m)[:most]
        total += len(expected)
        real = paths[g, m][paths[g, m, :, 1] > 0]
        assert [tuple(path) for path in real.tolist()] == [path[2:] for path in expected]
        for n, (first, node) in enumerate(real):
            assert NEAR[ITEM[g, m]][slot[g, m, n]] == node
            assert HISTORY[g][step[g, m, n]] == first
    assert total > 5


def test_none_without_a_history_or_a_known_item():
    paths = found()[0]
    assert not paths[2].any()
    assert not paths[1, 2].any()
