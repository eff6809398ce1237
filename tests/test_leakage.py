"""Nothing a batch holds tells the label of the pair that is scored (docs/design-rules.md).

Each check is also run on a pipeline that does leak, to show that it would notice.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.assemble import assemble
from tfkgrec.data.negatives import draw_negatives
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.evaluation.ctr import auc, auc_within
from tfkgrec.layers.masked import leave_out
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.ctr.split import Splits, split_ctr
from tfkgrec.protocols.ctr.whole_histories import WholeHistoryBatches

DATASET = small.dataset(users=150, items=80)
SPLITS = split_ctr(DATASET, 0)
NEGATIVES = ["fixed", "fresh"]
LENGTHS = [3, 10, 40]  # most histories are cut; some are; none is

See = Callable[[Any, Any, Any], Any]


def batches(negatives: str, length: int = 10) -> TrainingBatches:
    return TrainingBatches(SPLITS, 64, 4, length, negatives, seed=0)


def whole(negatives: str) -> WholeHistoryBatches:
    return WholeHistoryBatches(SPLITS, 64, 4, 0, negatives, seed=0)


def newest(negatives: str, length: int = 10) -> TrainingBatches:
    return dataclasses.replace(batches(negatives, length), histories="newest")


def no_length_care(history: Any, item: Any, left_out: Any = None) -> Any:
    """Leaves the target out, but takes nothing from the others."""
    return leave_out(history, item, None)


def no_mask(history: Any, item: Any, left_out: Any = None) -> Any:
    """Everybody sees everything."""
    return np.broadcast_to((np.asarray(history) > 0)[:, None], (*item.shape, history.shape[1]))


def real_pairs(train: TrainingBatches, see: See = leave_out, epochs: int = 3) -> dict[str, np.ndarray]:
    """Every labelled pair of some epochs: user, label, how many history items it sees, whether one is its target."""
    parts: dict[str, list[np.ndarray]] = {"user": [], "label": [], "length": [], "target_seen": [], "lost": []}
    for epoch in range(epochs):
        for inputs, label, weight in train.batches(epoch):
            visible = np.asarray(see(inputs["history"], inputs["item"], inputs["left_out"]))
            real, held = weight > 0, (inputs["history"] > 0)[:, None]
            hit = inputs["history"][:, None] == inputs["item"][..., None]
            columns = {
                "user": np.broadcast_to(inputs["user"][:, None], real.shape),
                "label": label[..., 0],
                "length": visible.sum(axis=2),
                "target_seen": (visible & hit).any(axis=2),
                "lost": (held & ~visible).argmax(axis=2),  # the slot that is gone
            }
            for name, values in columns.items():
                parts[name].append(values[real])
    return {name: np.concatenate(values) for name, values in parts.items()}


# ---------------------------------------------------------------------------------------------------------------------
# batches


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("negatives", NEGATIVES)
def test_a_target_is_never_among_its_own_inputs(negatives, length):
    train = batches(negatives, length)
    assert not real_pairs(train)["target_seen"].any()
    seen = real_pairs(train, no_mask)
    assert seen["target_seen"][seen["label"] > 0].mean() > 0.2  # without the mask it would be
    assert not seen["target_seen"][seen["label"] == 0].any()  # and would be the label


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("negatives", NEGATIVES)
def test_lengths_tell_nothing_within_a_user(negatives, length):
    found = real_pairs(batches(negatives, length))
    assert auc_within(found["label"], found["length"], found["user"]) == 0.5
    for user in np.unique(found["user"]):
        own = SPLITS.train_history.lengths[user]
        assert set(found["length"][found["user"] == user].tolist()) == {min(own, length + 1) - 1}


@pytest.mark.parametrize("negatives", NEGATIVES)
def test_the_check_of_lengths_notices_a_leak(negatives):
    found = real_pairs(batches(negatives, 40), no_length_care)
    assert not found["target_seen"].any()  # the first check is content with it
    assert auc_within(found["label"], -found["length"], found["user"]) == 1.0  # yet one item fewer is the label


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("negatives", NEGATIVES)
def test_the_slot_that_is_gone_tells_nothing(negatives, length):
    """A negative loses a slot as old or as new as the one a positive loses: recency would be a leak, too."""
    found = real_pairs(batches(negatives, length), epochs=12)
    assert auc_within(found["label"], found["lost"], found["user"]) == pytest.approx(0.5, abs=0.02)
    always_the_newest = np.where(found["label"] > 0, found["lost"], found["lost"].max())
    assert abs(auc_within(found["label"], always_the_newest, found["user"]) - 0.5) > 0.2


@pytest.mark.parametrize("negatives", NEGATIVES)
def test_whole_histories_leave_the_target_out_without_a_trace(negatives):
    found = real_pairs(whole(negatives), epochs=12)
    assert not found["target_seen"].any()
    assert auc_within(found["label"], found["length"], found["user"]) == 0.5
    assert (found["length"] == SPLITS.train_history.lengths[found["user"]] - 1).all()
    assert auc_within(found["label"], found["lost"], found["user"]) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("negatives", NEGATIVES)
def test_windows_before_a_row_hold_none_of_it(negatives, length):
    """Without a mask: a target is outside by its place in time, and lengths are the row's."""
    for see in (leave_out, no_mask):
        found = real_pairs(newest(negatives, length), see, epochs=12)
        assert not found["target_seen"].any()
        assert auc_within(found["label"], found["length"], found["user"]) == pytest.approx(0.5, abs=0.02)


def test_histories_of_batches_hold_training_positives_only():
    held_out = {
        (int(u), int(i)) for part in (SPLITS.validation, SPLITS.test) for u, i in zip(part.user, part.item, strict=True)
    }
    rows = [(u, i) for u, row in enumerate(SPLITS.train_history.newest(40)) for i in row.tolist() if i]
    for inputs, _, _ in batches("fresh").batches(0):
        rows += [
            (u, i) for u, row in zip(inputs["user"].tolist(), inputs["history"].tolist(), strict=True) for i in row if i
        ]
    assert len(rows) > 500
    assert not set(rows) & held_out
    train = SPLITS.train.positives
    assert set(rows) <= set(zip(train.user.tolist(), train.item.tolist(), strict=True))


# ---------------------------------------------------------------------------------------------------------------------
# negatives


def keys(user: np.ndarray, item: np.ndarray) -> np.ndarray:
    return user.astype(np.int64) * SPLITS.num_item_rows + item


def test_evaluation_negatives_were_never_rated():
    rated = keys(DATASET.interactions.user, DATASET.interactions.item)
    for part in (SPLITS.train, SPLITS.validation, SPLITS.test):
        negative = part.take(part.label == 0)
        assert len(negative)
        assert not np.isin(keys(negative.user, negative.item), rated).any()


def fresh_negatives(epochs: int = 40) -> np.ndarray:
    drawn = (batches("fresh").pairs(epoch) for epoch in range(epochs))
    return np.concatenate([keys(p.user, p.item)[p.label == 0] for p in drawn])


def hits_expected_and_found(negatives: np.ndarray, epochs: int = 40) -> tuple[float, int]:
    """Validation and test positives among fresh negatives, if those are uniform over all but training positives."""
    train = SPLITS.train_history.lengths
    held_out = np.concatenate([keys(p.positives.user, p.positives.item) for p in (SPLITS.validation, SPLITS.test)])
    user = held_out // SPLITS.num_item_rows
    chance = train[user] / (DATASET.num_items - train[user])  # n draws without replacement out of what is left
    return float(epochs * chance.sum()), int(np.isin(negatives, held_out).sum())


def test_fresh_negatives_leave_out_training_positives_and_nothing_else():
    """To spare the validation and test positives would tell the model which items they are."""
    negatives, positives = fresh_negatives(), SPLITS.train.positives
    assert not np.isin(negatives, keys(positives.user, positives.item)).any()
    expected, found = hits_expected_and_found(negatives)
    assert expected > 500
    assert abs(found - expected) < 4 * np.sqrt(expected)


def test_the_check_of_fresh_negatives_notices_a_leak():
    everything = np.sort(keys(DATASET.interactions.user, DATASET.interactions.item))
    drawn = [
        keys(*draw_negatives(SPLITS.train_history.lengths, everything, DATASET.num_items, np.random.default_rng(epoch)))
        for epoch in range(40)
    ]
    expected, found = hits_expected_and_found(np.concatenate(drawn))
    assert found == 0 < expected - 4 * np.sqrt(expected)


# ---------------------------------------------------------------------------------------------------------------------
# ids


def popularity_in_ids(splits: Splits, number: np.ndarray) -> float:
    """AUC of a score that says: the smaller the number of an item, the better."""
    return auc(splits.test.label, -number[splits.test.item])


def test_inner_ids_carry_no_popularity():
    """Public files number items by popularity, and so does this one: the order must be gone."""
    raw, inner = [], []
    for seed in range(20):
        dataset = small.dataset(users=150, items=80, seed=seed)
        splits = split_ctr(dataset, seed)
        in_file = np.array([0, *(int(name[1:]) for name in dataset.items.raw[1:])])
        raw.append(popularity_in_ids(splits, in_file))
        inner.append(popularity_in_ids(splits, np.arange(dataset.items.size)))
    assert np.mean(raw) > 0.65  # the check can fail
    assert np.mean(inner) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("version", [1, 2])
def test_inner_ids_do_not_follow_the_order_of_the_file(version):
    raw, _ = draw_world(60, 50, 10, seed=0)
    orders = [assemble(raw, seed, version=version) for seed in (1, 2)]
    for kind in ("users", "items", "relations"):
        first, second = (getattr(dataset, kind).raw[1:].tolist() for dataset in orders)
        assert sorted(first) == sorted(second)
        assert first != second
        assert first != sorted(first)
