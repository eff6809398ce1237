"""Rows in the order of time: what a row's user had taken before it, and nothing of the row itself."""

import numpy as np
import pytest

from tests.data import small
from tfkgrec.evaluation.ctr import auc_within
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.ctr.split import split_ctr

SPLITS = split_ctr(small.dataset(users=150, items=80), 0)
KNOWN = SPLITS.train_history
T = 5


def batches(**changes) -> TrainingBatches:
    settings = {"batch_size": 24, "items_per_user": 4, "history_length": T, "negatives": "fresh", "seed": 0}
    return TrainingBatches(splits=SPLITS, histories="newest", **{**settings, **changes})


@pytest.mark.parametrize("negatives", ["fixed", "fresh"])
def test_every_pair_once(negatives):
    train = batches(negatives=negatives)
    pairs, found = train.pairs(2), []
    for inputs, label, weight in train.batches(2):
        assert inputs["history"].shape == (6, T)
        for g, m in np.argwhere(weight > 0):
            found.append((int(inputs["user"][g]), int(inputs["item"][g, m]), int(label[g, m, 0])))
    expected = zip(pairs.user.tolist(), pairs.item.tolist(), pairs.label.astype(int).tolist(), strict=True)
    assert sorted(found) == sorted(expected)


def test_a_row_reads_the_newest_before_its_first_pair():
    """A stretch of what the user took, up to just before the row's oldest positive, so that none is inside."""
    ends = []
    for inputs, label, _ in batches(negatives="fixed").batches(0):
        for g in np.flatnonzero(inputs["user"]):
            own = KNOWN.of(int(inputs["user"][g])).tolist()
            history = inputs["history"][g][inputs["history"][g] > 0].tolist()
            end = own.index(history[-1]) + 1 if history else 0
            assert history == own[max(0, end - T) : end]
            liked = [own.index(i) for i in inputs["item"][g][label[g, :, 0] > 0].tolist()]
            if liked:
                assert end <= min(liked)
                ends.append(min(liked) - end)
    assert np.mean(ends) < 1.5  # and hardly any further back
    assert max(liked for liked in ends) < 8


def test_oldest_pairs_first_within_a_user():
    """Over all epochs alike: a row's positives are neighbours in time."""
    for inputs, label, _ in batches().batches(1):
        for g in np.flatnonzero(inputs["user"]):
            own = KNOWN.of(int(inputs["user"][g])).tolist()
            liked = sorted(own.index(i) for i in inputs["item"][g][label[g, :, 0] > 0].tolist())
            assert liked == list(range(liked[0], liked[0] + len(liked))) if liked else True


@pytest.mark.parametrize("negatives", ["fixed", "fresh"])
def test_neither_length_nor_place_tells_the_label(negatives):
    train, columns = batches(negatives=negatives, history_length=40), ([], [], [])
    for epoch in range(12):
        for inputs, label, weight in train.batches(epoch):
            real = weight > 0
            length = np.broadcast_to((inputs["history"] > 0).sum(axis=1)[:, None], real.shape)
            user = np.broadcast_to(inputs["user"][:, None], real.shape)
            for column, values in zip(columns, (label[..., 0], length, user), strict=True):
                column.append(values[real])
    label, length, user = (np.concatenate(column) for column in columns)
    assert auc_within(label, length, user) == pytest.approx(0.5, abs=0.02)
    # it would notice: negatives that all stand at the end
    assert abs(auc_within(label, np.where(label > 0, length, length.max()), user) - 0.5) > 0.2
