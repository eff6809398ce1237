"""Nothing that RKAN reads of a pair knows that the user took the item.

Each check is also run on something that does leak, to show that it would notice. That numbers of paths tell nothing
about labels drawn by lot stands in test_path_sampling.py, what histories and paths hold in
tests/protocols/top_n/test_batches.py.
"""

import numpy as np
import pytest
from keras import ops

from tests.data import small
from tests.models.rkan.small import batch, rkan
from tests.models.small import USERS
from tfkgrec.data.history import History
from tfkgrec.models.rkan import model as rkan_module
from tfkgrec.models.rkan.path_graph import path_graph
from tfkgrec.models.rkan.path_sampling import PathRequest, sample_paths
from tfkgrec.models.rkan.path_source import PathSource
from tfkgrec.protocols.top_n.batches import TimeBatches
from tfkgrec.protocols.top_n.split import split_by_time

DATASET = small.dataset(users=40, items=40)
SPLITS = split_by_time(DATASET, 0)
ITEMS, OFFSETS = SPLITS.train_history.items, SPLITS.train_history.offsets
GRAPH = path_graph(DATASET.graph, DATASET.num_items, SPLITS.train_history)
EVERY = 3000  # more paths than any pair has


def as_set(paths: np.ndarray) -> set[tuple[int, int]]:
    return {(int(first), int(node)) for first, node in paths.reshape(-1, 2) if node}


def without_the_edge(user: int, item: int) -> set[tuple[int, int]]:
    """All paths of the pair in a world where the user never took the item."""
    gone = OFFSETS[user] + int(np.flatnonzero(ITEMS[OFFSETS[user] : OFFSETS[user + 1]] == item)[0])
    items, offsets = np.delete(ITEMS, gone), OFFSETS - (np.arange(len(OFFSETS)) > user)
    graph = path_graph(DATASET.graph, DATASET.num_items, History(items, offsets))
    one = np.array([item])
    rows = items[offsets[user] : offsets[user + 1]], np.array([0, offsets[user + 1] - offsets[user]])
    request = PathRequest(*rows, np.array([0, 1]), np.array([user]), one, np.zeros(1, np.int64))
    return as_set(sample_paths(graph, request, EVERY))


def positives() -> list[tuple[int, int, set[tuple[int, int]]]]:
    """Some training positives, and all the paths that their batches give them."""
    train = TimeBatches(SPLITS, 64, 4, 6, "fresh", seed=0)
    rows = {name: values[:6] for name, values in train.rows(0).items()}
    paths = PathSource(GRAPH, EVERY).draw(rows, SPLITS.train_history, 0, 0)["paths"]
    pairs = zip(*np.nonzero(rows["label"]), strict=True)
    return [(int(rows["user"][r]), int(rows["item"][r, m]), as_set(paths[r, m])) for r, m in pairs]


def test_paths_of_a_positive_are_those_of_a_world_without_its_edge():
    found = positives()
    assert len(found) > 5
    for user, item, paths in found:
        assert paths == without_the_edge(user, item)
    assert max(len(paths) for _, _, paths in found) > 10


def test_the_check_of_paths_notices_the_edge():
    """A sampler that does not know whose paths it draws goes back through the user: user -> i -> user -> item."""
    user, item, _ = positives()[0]
    own = ITEMS[OFFSETS[user] : OFFSETS[user + 1]]
    zero, one = np.zeros(1, np.int64), np.array([item])
    request = PathRequest(own, np.array([0, len(own)]), np.array([0, 1]), zero, one, zero)
    leaky, node = as_set(sample_paths(GRAPH, request, EVERY)), int(GRAPH.user_node(np.array(user)))
    assert leaky - without_the_edge(user, item) == {(int(i), node) for i in own if i != item}


def scored(model) -> tuple[np.ndarray, np.ndarray]:
    """Path logits of items that stand in the histories, and the same with the item gone from there."""
    inputs = batch()
    user = np.arange(inputs["user"].size).astype(np.int32) % USERS
    item = inputs["history"][:, :1]
    without = np.where(inputs["history"] == item, 0, inputs["history"])
    return tuple(np.asarray(model({"user": user, "item": item, "history": h})) for h in (inputs["history"], without))


@pytest.mark.parametrize("settings", [{}, {"pooling": "max"}, {"pooling": "average"}, {"num_paths": 40}], ids=str)
def test_at_ranking_a_candidate_starts_no_path_to_itself(settings):
    found, expected = scored(rkan(score="path", **settings))
    assert np.abs(found - expected).max() < 1e-5
    assert np.std(expected) > 0.01


def test_the_check_of_ranking_notices_a_candidate_that_sees_itself(monkeypatch):
    joining = rkan_module.joining_paths
    monkeypatch.setattr(  # a candidate that is not told from the history items
        rkan_module, "joining_paths", lambda h, hn, item, *rest: joining(h, hn, ops.zeros_like(item), *rest)
    )
    found, expected = scored(rkan(score="path", num_paths=40))
    assert np.abs(found - expected).max() > 1e-3
