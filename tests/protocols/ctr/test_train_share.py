"""`data.train_share`: less to learn from, the same to be judged by."""

from dataclasses import replace

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.records import Interactions
from tfkgrec.protocols.ctr.split import split_ctr

DATASET = small.dataset(users=120)


def _pairs(part: Interactions, users: set[int]) -> set[tuple[int, int, int]]:
    rows = zip(part.user.tolist(), part.item.tolist(), part.label.tolist(), strict=True)
    return {(u, i, int(y)) for u, i, y in rows if u in users}


@pytest.mark.parametrize("version", [1, 2])
def test_shares_are_nested_and_leave_the_other_parts_alone(version):
    dataset = replace(DATASET, split_version=version)
    whole = split_ctr(dataset, 0)
    everybody = set(range(1, dataset.users.size))
    larger, sizes = _pairs(whole.train, everybody), []
    for share in (0.7, 0.4, 0.15):
        splits = split_ctr(dataset, 0, share)
        known = set(np.flatnonzero(splits.train_history.lengths).tolist())
        train = _pairs(splits.train, everybody)
        assert train < larger
        for part in ("validation", "test"):
            assert _pairs(getattr(splits, part), everybody) == _pairs(getattr(whole, part), known)
        larger, sizes = train, [*sizes, (len(splits.train), len(known))]
    expected = np.array([0.7, 0.4, 0.15]) * len(whole.train)
    spread = 4 * np.sqrt(0.25 * len(whole.train))  # and users without a positive left go with their negatives
    assert np.all(np.abs(np.array(sizes)[:, 0] - expected) < spread)
    assert sizes[0][1] > sizes[2][1]  # "new users", as DINK has it


def test_a_share_of_one_is_the_split_without_it():
    one, plain = split_ctr(DATASET, 3, 1.0), split_ctr(DATASET, 3)
    assert np.array_equal(one.train.item, plain.train.item) and np.array_equal(one.test.item, plain.test.item)
