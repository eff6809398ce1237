"""Grouped batches: nothing lost, nothing doubled, the same for one seed, the number of steps that was promised."""

import dataclasses

import keras
import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.grouping import group_pairs
from tfkgrec.data.records import Interactions
from tfkgrec.protocols.ctr.batches import TrainingBatches

SPLITS = small.splits()


def batches(**changes) -> TrainingBatches:
    settings = {"batch_size": 24, "items_per_user": 4, "history_length": 5, "negatives": "fresh", "seed": 0}
    return TrainingBatches(splits=SPLITS, **{**settings, **changes})


def triples(user, item, label) -> list[tuple[int, int, int]]:
    return sorted(zip(user.tolist(), item.tolist(), label.astype(int).tolist(), strict=True))


@pytest.mark.parametrize("items_per_row", [1, 3, 100])
@pytest.mark.parametrize("rng", [None, np.random.default_rng(0)], ids=["in order", "shuffled"])
def test_grouping_covers_every_pair_once(items_per_row, rng):
    pairs = SPLITS.train
    grouped = group_pairs(pairs, items_per_row, rng)
    real = grouped.weight > 0
    assert sorted(grouped.source[real].tolist()) == list(range(len(pairs)))
    assert set(np.unique(grouped.weight).tolist()) <= {0.0, 1.0}
    owner = np.broadcast_to(grouped.user[:, None], real.shape)
    assert triples(owner[real], grouped.item[real], grouped.label[real]) == triples(pairs.user, pairs.item, pairs.label)
    source = grouped.source[real]
    assert np.array_equal(grouped.item[real], pairs.item[source])
    assert np.array_equal(owner[real], pairs.user[source])
    # padding is empty, stands on the right, and there is no more of it than the last row of a user needs
    assert not grouped.item[~real].any()
    assert not grouped.label[~real].any()
    assert (np.diff(grouped.weight, axis=1) <= 0).all()
    assert len(grouped.user) == sum(-(-n // items_per_row) for n in np.bincount(pairs.user))


def test_grouping_by_hand():
    pairs = Interactions(np.array([7, 5, 7, 7]), np.array([1, 2, 3, 4]), np.array([1, 0, 0, 1], np.float32))
    grouped = group_pairs(pairs, 2)
    assert grouped.user.tolist() == [5, 7, 7]
    assert grouped.item.tolist() == [[2, 0], [1, 3], [4, 0]]
    assert grouped.label.tolist() == [[0, 0], [1, 0], [1, 0]]
    assert grouped.weight.tolist() == [[1, 0], [1, 1], [1, 0]]
    assert grouped.source.tolist() == [[1, -1], [0, 2], [3, -1]]


def test_grouping_nothing():
    grouped = group_pairs(SPLITS.train.take(np.array([], int)), 3)
    assert grouped.item.shape == (0, 3)
    assert grouped.user.shape == (0,)


def test_rows_and_pairs_are_shuffled():
    plain, shuffled = (group_pairs(SPLITS.train, 2, rng) for rng in (None, np.random.default_rng(0)))
    assert (np.diff(plain.user) >= 0).all()
    assert not (np.diff(shuffled.user) >= 0).all()
    sets = [{tuple(sorted(row)) for row in grouped.source.tolist()} for grouped in (plain, shuffled)]
    assert sets[0] != sets[1]  # other pairs share a row


@pytest.mark.parametrize("negatives", ["fixed", "fresh"])
def test_an_epoch_holds_the_pairs_of_that_epoch(negatives):
    train = batches(negatives=negatives)
    for epoch in (0, 3):
        columns, pairs = train.epoch(epoch), train.pairs(epoch)
        real = columns["weight"] > 0
        owner = np.broadcast_to(columns["user"][:, None], real.shape)
        found = triples(owner[real], columns["item"][real], columns["label"][real])
        assert found == triples(pairs.user, pairs.item, pairs.label)
        if negatives == "fixed":
            assert found == triples(SPLITS.train.user, SPLITS.train.item, SPLITS.train.label)


def test_fresh_negatives_are_as_many_as_the_positives_and_new_in_every_epoch():
    train, positives = batches(), SPLITS.train.positives
    drawn = []
    for epoch in range(3):
        pairs = train.pairs(epoch)
        assert np.array_equal(pairs.item[pairs.label > 0], positives.item)
        negative = pairs.take(pairs.label == 0)
        assert np.bincount(negative.user).tolist() == np.bincount(positives.user).tolist()
        drawn.append(set(zip(negative.user.tolist(), negative.item.tolist(), strict=True)))
    assert drawn[0] != drawn[1] != drawn[2]


def test_negatives_from_liked_items_only():
    liked = np.unique(SPLITS.train.positives.item)
    assert len(liked) < SPLITS.num_item_rows - 1
    some, all_ = batches(negative_pool="train_positives"), batches()
    for epoch in range(3):
        drawn = some.pairs(epoch)
        negative = drawn.label == 0
        assert np.isin(drawn.item[negative], liked).all()
        assert not np.isin(all_.pairs(epoch).item[all_.pairs(epoch).label == 0], liked).all()
        own = set(zip(*(SPLITS.train.positives.user, SPLITS.train.positives.item), strict=True))
        pairs = list(zip(drawn.user[negative], drawn.item[negative], strict=True))
        assert not own & set(pairs)
        assert len(set(pairs)) == len(pairs)
    assert len(set(drawn.item[negative])) > len(liked) / 2


@pytest.mark.parametrize("negatives", ["fixed", "fresh"])
def test_an_epoch_is_a_function_of_seed_and_epoch(negatives):
    first, again = (batches(negatives=negatives).epoch(2) for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    for other in (batches(negatives=negatives).epoch(3), batches(negatives=negatives, seed=1).epoch(2)):
        assert not np.array_equal(other["item"], first["item"])
        assert not np.array_equal(other["history"], first["history"])


def test_histories_are_those_of_the_row():
    columns = batches().epoch(0)
    offsets = SPLITS.train_history.offsets
    for user, row in zip(columns["user"], columns["history"], strict=True):
        own = SPLITS.train_history.items[offsets[user] : offsets[user + 1]]
        assert set(row[row > 0].tolist()) <= set(own.tolist())
        assert (row > 0).sum() == min(len(own), 6)  # T + 1: one of them will go


def test_left_out_names_a_slot_that_is_filled():
    columns = batches().epoch(0)
    held = (columns["history"] > 0).sum(axis=1)
    rows = held > 0
    assert (columns["left_out"][rows] < held[rows, None]).all()
    assert columns["left_out"].min() >= 0
    drawn = columns["left_out"][held == 6]
    assert set(np.unique(drawn).tolist()) == set(range(6))


@pytest.mark.parametrize("batch_size, items_per_user", [(24, 4), (1, 1), (100_000, 3), (3, 8)])
@pytest.mark.parametrize("negatives", ["fixed", "fresh"])
def test_steps_and_shapes_are_as_promised(negatives, batch_size, items_per_user):
    train = batches(negatives=negatives, batch_size=batch_size, items_per_user=items_per_user)
    g = max(1, batch_size // items_per_user)
    for epoch in (0, 1, 5):
        made = list(train.batches(epoch))
        assert len(made) == train.steps
        weights = 0.0
        for inputs, label, weight in made:
            assert inputs["user"].shape == (g,)
            assert inputs["history"].shape == (g, 6)
            assert inputs["item"].shape == inputs["left_out"].shape == weight.shape == (g, items_per_user)
            assert label.shape == (g, items_per_user, 1)
            weights += weight.sum()
        assert weights == train.examples


def test_unknown_users_keep_their_history():
    shown, hidden = batches().epoch(0), batches(unknown_user_rate=1.0).epoch(0)
    assert not hidden["user"].any()
    assert np.array_equal(hidden["history"], shown["history"])
    assert np.array_equal(hidden["item"], shown["item"])
    some = batches(unknown_user_rate=0.5, items_per_user=1).epoch(0)["user"] == 0
    assert 0.3 < some.mean() < 0.7


def test_fit_takes_one_pass_an_epoch():
    """Keras looks at its data before it trains; that must not cost an epoch, or a resumed run would see other data."""
    train, seen = batches(), []

    class Spy(TrainingBatches):
        def stacked(self, epoch):
            seen.append(epoch)
            return super().stacked(epoch)

    spy = Spy(**{name: getattr(train, name) for name in train.__dataclass_fields__})

    class Nothing(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(), name="scale")

        def call(self, inputs):
            return keras.ops.cast(inputs["item"], "float32")[..., None] * self.scale

    model = Nothing()
    model.compile("sgd", "mse", jit_compile=False)
    model.fit(spy.dataset(4), epochs=7, initial_epoch=4, verbose=0, shuffle=False)
    assert seen == [4, 5, 6]


@pytest.mark.parametrize("negatives", ["fixed", "fresh"])
def test_weights_of_positives_are_one_on_average_and_of_negatives_one(negatives):
    """A purchase that weighs thrice a click counts three times as much, whatever the unit."""
    train = SPLITS.train
    given = np.where(train.item % 2 == 0, 30, 10).astype(np.float32)
    splits = dataclasses.replace(SPLITS, train=dataclasses.replace(train, weight=given))
    mean = given[train.label > 0].mean()
    for inputs, label, weight in dataclasses.replace(batches(negatives=negatives), splits=splits).batches(0):
        real, liked = inputs["item"] > 0, label[..., 0] > 0
        np.testing.assert_allclose(weight[liked], np.where(inputs["item"][liked] % 2 == 0, 30, 10) / mean, rtol=1e-6)
        assert np.all(weight[real & ~liked] == 1) and not weight[~real].any()
