"""Windows of sequences, and the batches made of them: every position once, never the future, never a test item."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.data.small import dataset
from tfkgrec.data.history import History
from tfkgrec.protocols.sequential.batches import SequenceBatches, cut_windows
from tfkgrec.protocols.sequential.split import SequenceSplits, split_sequences

T = 4


def splits() -> SequenceSplits:
    data = dataset(users=50, items=60)
    liked = dataclasses.replace(data.interactions, label=np.ones(len(data.interactions), np.float32))
    return split_sequences(dataclasses.replace(data, interactions=liked), 0)


def batches(loss: str = "bpr", **settings) -> SequenceBatches:
    given = {"rows_per_batch": 8, "length": T, "loss": loss, "num_negatives": 3, "seed": 0}
    return SequenceBatches(splits(), **{**given, **settings})


def test_windows_by_hand():
    # user 0 owns nothing, user 1 owns 1 2 3 4 5 6, user 2 owns 7: nothing comes after it, user 3 owns 8 9.
    items = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9])
    history = History(items, np.array([0, 0, 6, 7, 9]))
    found = cut_windows(history, 4)
    assert found.user.tolist() == [1, 1, 3]
    assert found.history.tolist() == [[2, 3, 4, 5], [1, 0, 0, 0], [8, 0, 0, 0]]
    assert found.target.tolist() == [[3, 4, 5, 6], [2, 0, 0, 0], [9, 0, 0, 0]]
    assert found.coming.tolist() == [[4, 3, 2, 1], [5, 0, 0, 0], [1, 0, 0, 0]]
    assert_array_equal(np.where(found.coming > 0, items[np.minimum(found.place, 8)], 0), found.target)
    first = cut_windows(history, 4, predict_first=True)
    assert first.user.tolist() == [1, 1, 2, 3]
    assert first.history.tolist() == [[2, 3, 4, 5], [0, 1, 0, 0], [0, 0, 0, 0], [0, 8, 0, 0]]
    assert first.target.tolist() == [[3, 4, 5, 6], [1, 2, 0, 0], [7, 0, 0, 0], [8, 9, 0, 0]]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("loss", ["bpr", "sampled_softmax", "softmax"])
def test_an_epoch_holds_every_training_position_once_and_no_held_out_item(loss, first):
    given = batches(loss, predict_first=first)
    held_out = {part: dict(zip(*_pairs(getattr(given.splits, part)), strict=True)) for part in ("validation", "test")}
    found = []
    for inputs, weight in given.batches(0):
        assert inputs["history"].shape == inputs["positive"].shape == weight.shape == (8, T)
        assert_array_equal(weight, inputs["positive"] > 0)
        found += list(zip(inputs["history"][weight > 0], inputs["positive"][weight > 0], strict=True))
    expected = []
    for user in range(1, len(given.splits.offsets) - 1):
        own = given.splits.train_history.of(user)
        expected += list(zip([0, *own][1 - first : -1], own[1 - first :], strict=True))
        assert all(held_out[part].get(user) not in own for part in held_out)
    assert sorted(found) == sorted(expected)
    assert given.examples == len(expected)


def test_rows_are_contiguous_pieces_of_one_sequence():
    """Position t reads item t and is asked for item t + 1 of the same user: the target is never among what was read."""
    for inputs, _ in batches().batches(0):
        for history, positive in zip(inputs["history"], inputs["positive"], strict=True):
            n = int(np.count_nonzero(positive))
            assert_array_equal(history[1:n], positive[: max(n - 1, 0)])
            assert all(positive[t] not in history[: t + 1] for t in range(n))


@pytest.mark.parametrize("first", [False, True])
def test_later_targets_are_any_item_still_to_come_and_no_held_out_one(first):
    """Over many epochs every position meets all that its user took after it, each about equally often."""
    given = batches(target="any_future", predict_first=first)
    offsets, items = given.splits.train_history.offsets, given.splits.train_history.items
    user = int(np.argmax(np.diff(offsets)))
    own = items[offsets[user] : offsets[user + 1]].tolist()
    epochs = 600
    met = {}
    for epoch in range(epochs):
        mine = given.windows.user == user
        for row, targets in zip(given.windows.history[mine], given._targets(epoch)[mine], strict=True):
            for item, target in zip(row[targets > 0].tolist(), targets[targets > 0].tolist(), strict=True):
                met.setdefault(item, []).append(target)
    assert sorted(met) == sorted(([0] if first else []) + own[:-1])
    for item, targets in met.items():
        rest = own[own.index(item) + 1 :] if item else own
        found, counts = np.unique(targets, return_counts=True)
        assert sorted(rest) == found.tolist() and len(targets) == epochs
        wanted = epochs / len(rest)
        assert np.all(np.abs(counts - wanted) < 5 * np.sqrt(wanted))


def test_later_targets_are_drawn_again_every_epoch_and_the_same_in_every_run():
    one, other = batches(target="any_future"), batches(target="any_future")
    assert_array_equal(one.stacked(3)[0]["positive"], other.stacked(3)[0]["positive"])
    assert np.any(one._targets(3) != one._targets(4))
    assert_array_equal(one._targets(3) > 0, one.windows.target > 0)


def test_bpr_negatives_are_untouched_in_training_but_may_be_held_out():
    given = batches(num_negatives=40)
    windows, own_splits = given.windows, given.splits
    owner = {tuple(row): int(user) for row, user in zip(windows.target, windows.user, strict=True)}
    drawn = {user: set() for user in windows.user.tolist()}
    for inputs, weight in given.batches(0):
        assert inputs["negative"].shape == (8, T, 40)
        assert_array_equal(inputs["negative"] > 0, np.repeat(weight[..., None] > 0, 40, axis=-1))
        for row, negative in zip(inputs["positive"], inputs["negative"], strict=True):
            if row.any():
                drawn[owner[tuple(row)]] |= set(negative[negative > 0].tolist())
    held = 0
    for user, items in drawn.items():
        own = own_splits.train_history.of(user)
        assert not items & set(own.tolist())
        held += len(items & set(own_splits.items[own_splits.offsets[user] : own_splits.offsets[user + 1]].tolist()))
    assert held > 0  # excluding them would tell them away


def test_a_user_who_has_touched_everything_has_no_negatives():
    small = splits()
    everything = np.arange(1, small.num_item_rows, dtype=np.int32)
    greedy = dataclasses.replace(small)
    greedy.__dict__["train_history"] = History(everything, np.array([0, 0, len(everything)]))
    inputs, _ = dataclasses.replace(batches(), splits=greedy).stacked(0)
    assert not inputs["negative"].any()


def test_shared_negatives_are_one_list_a_step():
    steps = [inputs["negative"] for inputs, _ in batches("sampled_softmax").batches(0)]
    assert all(negative.shape == (3,) and negative.min() >= 1 for negative in steps)
    assert len({tuple(negative) for negative in steps}) == len(steps)
    assert all("negative" not in inputs for inputs, _ in batches("softmax").batches(0))


@pytest.mark.parametrize("loss", ["bpr", "sampled_softmax"])
def test_pure_in_seed_and_epoch(loss):
    first, again, later, other = (
        batches(loss, seed=seed).stacked(epoch)[0] for seed, epoch in ((0, 1), (0, 1), (0, 2), (1, 1))
    )
    for name, values in first.items():
        assert_array_equal(values, again[name])
        assert not np.array_equal(values, later[name]), name
        assert not np.array_equal(values, other[name]), name


def _pairs(targets) -> tuple[list[int], list[int]]:
    return targets.user.tolist(), targets.item.tolist()
