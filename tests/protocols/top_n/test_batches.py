"""Batches of protocol top_n: every training rating once, its history before it, negatives never rated in training."""

import dataclasses

import numpy as np
import pytest

from tests.data import small
from tfkgrec.models.rkan.path_graph import path_graph
from tfkgrec.models.rkan.path_source import PathSource
from tfkgrec.protocols.top_n.batches import TimeBatches
from tfkgrec.protocols.top_n.split import split_by_time

DATASET = small.dataset(users=120, items=60)
SPLITS = split_by_time(DATASET, 0)
GRAPH = path_graph(DATASET.graph, DATASET.num_items, SPLITS.train_history)


def batches(**settings) -> TimeBatches:
    defaults = {"batch_size": 32, "items_per_user": 4, "history_length": 3, "negatives": "fresh", "seed": 0}
    return TimeBatches(SPLITS, **{**defaults, **settings})


def with_paths(newest: bool, **settings) -> TimeBatches:
    return batches(pair_inputs=PathSource(GRAPH, 6, newest=newest), **settings)


def drawn(train: TimeBatches, table: dict[str, np.ndarray], epoch: int) -> np.ndarray:
    return train.pair_inputs.draw(table, SPLITS.train_history, train.seed, epoch)["paths"]


def own(user: int) -> list[int]:
    return SPLITS.train_history.of(user).tolist()


def rows(train: TimeBatches, epoch: int = 0) -> list[tuple[int, list[int], list[int], list[int]]]:
    """(user, history, positives, negatives) of every real row."""
    found = []
    for inputs, label, weight in train.batches(epoch):
        for g in np.flatnonzero(weight.any(axis=1)):
            real, positive = weight[g] > 0, label[g, :, 0] > 0
            item = inputs["item"][g]
            history = inputs["history"][g]
            kinds = (item[real & positive].tolist(), item[real & ~positive].tolist())
            found.append((int(inputs["user"][g]), history[history > 0].tolist(), *kinds))
    return found


def test_every_training_rating_once_with_what_came_just_before():
    seen = []
    for user, history, positive, _ in rows(batches()):
        start = own(user).index(positive[0])
        assert positive == own(user)[start : start + len(positive)]
        assert history == own(user)[max(0, start - 3) : start]
        seen += [(user, item) for item in positive]
    assert sorted(seen) == sorted((u, i) for u in range(len(SPLITS.offsets) - 1) for i in own(u))


def test_of_some_users_alone():
    some = np.random.default_rng(0).random(SPLITS.train_history.num_users) < 0.5
    parts = [rows(batches(users=chosen)) for chosen in (some, ~some)]
    taken = [[(user, item) for user, _, positive, _ in part for item in positive] for part in parts]
    everything = [(user, item) for user, _, positive, _ in rows(batches()) for item in positive]
    assert all(taken) and sorted(sum(taken, [])) == sorted(everything)
    assert all(some[user] for user, _ in taken[0])


def test_as_many_negatives_which_training_never_saw():
    for user, _, positive, negative in rows(batches()):
        assert len(negative) == len(positive)
        assert not set(negative) & set(own(user))
        assert 0 not in negative


def test_negatives_do_not_spare_what_is_held_out():
    held_out = {(u, i) for part in (SPLITS.validation, SPLITS.test) for u, i in zip(part.user, part.item, strict=True)}
    drawn = {(u, i) for epoch in range(8) for u, _, _, negative in rows(batches(), epoch) for i in negative}
    assert len(drawn & held_out) > 20


def test_fresh_and_fixed_negatives():
    fresh, fixed = batches(), batches(negatives="fixed")
    drawn = [
        {(u, i) for u, _, _, negative in rows(train, e) for i in negative} for train in (fresh, fixed) for e in (0, 1)
    ]
    assert drawn[0] != drawn[1]
    assert drawn[2] == drawn[3]


def test_an_epoch_is_a_function_of_seed_and_epoch():
    first, again = (list(with_paths(True).batches(1)) for _ in range(2))
    for (x, *_), (y, *_) in zip(first, again, strict=True):
        assert all(np.array_equal(x[name], y[name]) for name in x)
    other = next(with_paths(True).batches(2))[0]
    assert not np.array_equal(first[0][0]["paths"], other["paths"])
    kept = dataclasses.replace(
        with_paths(True, negatives="fixed"), pair_inputs=PathSource(GRAPH, 6, newest=True, redraw=False)
    )
    one, two = (drawn(kept, kept.rows(epoch), epoch) for epoch in (0, 1))
    assert np.array_equal(one, two)


def test_the_dataset_gives_the_batches():
    train = with_paths(False)
    wanted = [batch for epoch in (3, 4) for batch in train.batches(epoch)]
    data = train.dataset(3)
    found = [batch for _ in range(2) for batch in data.as_numpy_iterator()]
    assert len(found) == len(wanted) == 2 * train.steps
    for (x, *a), (y, *b) in zip(found, wanted, strict=True):
        assert x.keys() == y.keys() == {"user", "history", "item", "paths"}
        assert all(np.array_equal(x[name], y[name]) for name in x)
        assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))
    assert train.examples == sum(int(weight.sum()) for *_, weight in train.batches(0))
    assert "history" not in next(batches(history_length=0).batches(0))[0]


@pytest.mark.parametrize("newest", [False, True])
def test_paths_start_in_the_history_and_never_with_the_pair(newest):
    train = with_paths(newest)
    table = train.rows(0)
    paths = drawn(train, table, 0)
    assert paths.shape == (*table["item"].shape, 6, 2)
    assert (paths > 0).any(axis=(2, 3)).mean() > 0.25
    for r, m in np.ndindex(*table["item"].shape):
        real = paths[r, m][paths[r, m, :, 1] > 0]
        allowed = set(table["history"][r].tolist()) if newest else set(own(int(table["user"][r])))
        assert set(real[:, 0].tolist()) <= allowed - {int(table["item"][r, m])}
        assert GRAPH.user_node(table["user"][r]) not in real


def test_hidden_users_keep_their_rows():
    inputs, _, weight = next(batches(unknown_user_rate=1.0).batches(0))
    assert not inputs["user"].any()
    assert weight.any()


def test_paths_of_negatives_may_start_with_one_item_fewer_too():
    """As those of positives, whose own edge is gone (test_path_sampling.py of RKAN shows what that is good for)."""
    train = batches(pair_inputs=PathSource(GRAPH, 400))
    table = train.rows(0)
    paths = drawn(train, table, 0)
    full = 0
    for r, m in zip(*np.nonzero(table["item"]), strict=True):
        starts = np.unique(paths[r, m, :, 0][paths[r, m, :, 0] > 0])
        assert len(starts) <= len(own(int(table["user"][r]))) - 1
        full += table["label"][r, m] == 0 and len(starts) == len(own(int(table["user"][r]))) - 1
    assert full > 20
