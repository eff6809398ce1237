"""Item-kNN by hand; the protocols' tests compare it with loops."""

import tracemalloc

import numpy as np
import pytest

from tfkgrec.data.history import History
from tfkgrec.evaluation.item_knn import item_cosine, neighbour_scores, taken_matrix


def test_by_hand():
    # user 1: items 1 2; user 2: 1 2 3; user 3: 1. Items 1, 2, 3 have 3, 2, 1 users.
    taken = taken_matrix(History(np.array([1, 2, 1, 2, 3, 1], np.int32), np.array([0, 0, 2, 5, 6])), 5)
    cosine = item_cosine(taken)
    near = {(1, 2): 2 / np.sqrt(3 * 2), (1, 3): 1 / np.sqrt(3), (2, 3): 1 / np.sqrt(2)}
    expected = np.zeros((5, 5))
    for (i, j), value in near.items():
        expected[i, j] = expected[j, i] = value
    np.testing.assert_allclose(cosine.near.toarray(), expected)
    scores = neighbour_scores(taken[[1, 3]], cosine)
    assert scores.dtype == np.float32
    first = [near[1, 2], near[1, 2], near[1, 3] + near[2, 3], 0]
    assert scores[0].tolist() == pytest.approx(first) and scores[1].tolist() == pytest.approx(
        [0, near[1, 2], near[1, 3], 0]
    )


@pytest.mark.parametrize("most", [0, 5, 20, 49, 64])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_held_does_not_change_the_scores(seed, most):
    """However many of the users stay a product; an item of the user's own counts nothing for itself."""
    rng = np.random.default_rng(seed)
    users = [np.flatnonzero(rng.random(7) < rng.random()) + 1 for _ in range(6)]
    rows = [[], *(items.tolist() for items in users)]
    offsets = np.cumsum([0, *map(len, rows)])
    taken = taken_matrix(History(np.concatenate([*rows, []]).astype(np.int32), offsets), 8)
    cosine = item_cosine(taken, most)
    held = cosine.near.copy()
    held.eliminate_zeros()
    assert held.nnz <= most
    owners = {item: {user for user, items in enumerate(rows) if item in items} for item in range(8)}
    for user, found in enumerate(neighbour_scores(taken, cosine)):
        for item in range(1, 8):
            near = (
                len(owners[item] & owners[j]) / np.sqrt(len(owners[item]) * len(owners[j]))
                for j in rows[user]
                if j != item
            )
            assert found[item - 1] == pytest.approx(sum(near), abs=1e-6)


def test_a_crawler_that_viewed_everything_costs_no_more_than_what_is_asked():
    num_items, people = 20_000, 200
    rng = np.random.default_rng(0)
    rows = [rng.choice(np.arange(1, num_items), 10, replace=False) for _ in range(people)]
    rows = [[], *rows, np.arange(1, num_items)]
    taken = taken_matrix(History(np.concatenate(rows).astype(np.int32), np.cumsum([0, *map(len, rows)])), num_items)
    tracemalloc.start()
    scores = neighbour_scores(taken[:64], item_cosine(taken))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.all(scores[1:].argmax(axis=1) >= 0) and scores.shape == (64, num_items - 1)
    assert peak < 100e6  # the item-item matrix would take 4.8 GB
