"""Batches of whole histories: everything of everybody, in few widths, the same from NumPy and from tf.data."""

import dataclasses

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.history import History
from tfkgrec.data.records import Interactions
from tfkgrec.data.widths import FULL, NARROWEST
from tfkgrec.protocols.ctr.split import Splits
from tfkgrec.protocols.ctr.whole_histories import WholeHistoryBatches

MOST = 700  # items of the longest history


def uneven(seed: int = 0, items: int = 1500) -> Splits:
    """Users with 1, 2, 4 ... and one with 700 positives, and as many negatives."""
    rng, user, item, label = np.random.default_rng(seed), [], [], []
    for number, count in enumerate([1, 2, 3, 17, 33, 40, 100, 130, 300, MOST, *[5] * 40], start=1):
        taken = rng.permutation(np.arange(1, items))[: 2 * count]
        user += [number] * len(taken)
        item += taken.tolist()
        label += [1] * count + [0] * count
    pairs = Interactions(np.array(user, np.int32), np.array(item, np.int32), np.array(label, np.float32))
    nothing, liked = pairs.take(np.array([], int)), pairs.positives
    return Splits(pairs, nothing, nothing, History.by_user(liked.user, liked.item, 51), items)


SPLITS = uneven()


def batches(**changes) -> WholeHistoryBatches:
    settings = {"batch_size": 32, "items_per_user": 4, "history_length": MOST, "negatives": "fixed", "seed": 0}
    return WholeHistoryBatches(SPLITS, **{**settings, **changes})


def test_every_pair_once_with_all_that_its_user_has_taken():
    found = []
    for inputs, label, weight in batches().batches(1):
        for g, m in np.argwhere(weight > 0):
            user, row = int(inputs["user"][g]), inputs["history"][g]
            own = SPLITS.train_history.of(user)
            assert row[: len(own)].tolist() == own.tolist() and not row[len(own) :].any()
            assert 0 <= inputs["left_out"][g, m] < len(own)
            found.append((user, int(inputs["item"][g, m]), int(label[g, m, 0])))
    pairs = SPLITS.train
    assert sorted(found) == sorted(
        zip(pairs.user.tolist(), pairs.item.tolist(), pairs.label.astype(int).tolist(), strict=True)
    )


def test_few_shapes_little_padding_and_bounded_batches():
    train = batches()
    shapes = [inputs["history"].shape for inputs, _, _ in train.batches(0)]
    assert len(shapes) == train.steps
    assert len(set(shapes)) <= 8  # 16, 32, ... 512, 700
    assert {width for _, width in shapes} <= {2**n for n in range(4, 10)} | {MOST}
    assert {rows for rows, width in shapes if width <= FULL} == {train.rows_per_batch}
    assert max(rows * width for rows, width in shapes) <= train.rows_per_batch * FULL
    held = sum(
        int((inputs["history"] > 0).sum())
        for inputs, _, _ in train.batches(0)
        if inputs["history"].shape[1] > NARROWEST
    )
    wide = sum(rows * width for rows, width in shapes if width > NARROWEST)
    assert wide < 2.5 * held  # a batch of two neighbouring widths has the wider one


def test_tensorflow_makes_the_same_batches():
    train = batches(negatives="fresh", unknown_user_rate=0.3)
    for epoch in (0, 3):
        made = list(train.dataset(epoch))
        assert len(made) == train.steps
        for (inputs, label, weight), (given, *others) in zip(made, train.batches(epoch), strict=True):
            assert inputs.keys() == given.keys()
            for name, value in given.items():
                np.testing.assert_array_equal(inputs[name], value, err_msg=name)
            np.testing.assert_array_equal(label, others[0])
            np.testing.assert_array_equal(weight, others[1])


def test_a_hidden_user_keeps_its_history():
    shown, hidden = (list(batches(unknown_user_rate=rate).batches(0)) for rate in (0.0, 1.0))
    for (one, *_), (other, *_) in zip(shown, hidden, strict=True):
        assert not other["user"].any()
        np.testing.assert_array_equal(one["history"], other["history"])


def test_an_epoch_is_a_function_of_seed_and_epoch():
    def items(train: WholeHistoryBatches, epoch: int) -> list[list[int]]:
        return [inputs["item"].ravel().tolist() for inputs, *_ in train.batches(epoch)]

    assert items(batches(), 2) == items(batches(), 2)
    assert items(batches(), 2) != items(batches(), 3)
    assert items(batches(), 2) != items(dataclasses.replace(batches(), seed=1), 2)


@pytest.mark.parametrize("batch_size, items_per_user", [(24, 4), (1, 1), (100_000, 3)])
def test_of_any_size(batch_size, items_per_user):
    splits = small.splits()
    train = WholeHistoryBatches(splits, batch_size, items_per_user, 0, "fresh", seed=0)
    made = list(train.batches(0))
    assert len(made) == train.steps
    assert sum(weight.sum() for _, _, weight in made) == train.examples
