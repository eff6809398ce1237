"""Protocol R's split: time order, 80 / 20, a validation cut from the end of the training part, thinned users."""

import dataclasses

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.records import Interactions
from tfkgrec.errors import InputError
from tfkgrec.protocols.top_n.split import TimeSplits, split_by_time

DATASET = small.dataset(users=60, items=60)


def one_user(times: list[int], users: int = 1) -> TimeSplits:
    """Item n + 1 rated at times[n], by every user."""
    count = len(times)
    pairs = Interactions(
        np.repeat(np.arange(1, users + 1, dtype=np.int32), count),
        np.tile(np.arange(1, count + 1, dtype=np.int32), users),
        np.ones(count * users, np.float32),
        np.tile(np.array(times), users),
    )
    dataset = small.dataset(users=users + 1, items=max(count, 20))
    return split_by_time(dataclasses.replace(dataset, interactions=pairs), 0)


def parts(splits: TimeSplits, user: int) -> list[list[int]]:
    own = [splits.train_history.of(user)]
    own += [part.item[part.user == user] for part in (splits.validation, splits.test)]
    return [items.tolist() for items in own]


def test_a_user_of_twelve_ratings():
    """floor(.8 * 12) = 9 are the paper's training part; one of them, at least, chooses the epoch."""
    assert parts(one_user(list(range(12, 0, -1))), 1) == [list(range(12, 4, -1)), [4], [3, 2, 1]]


def test_a_user_of_twenty_ratings():
    assert parts(one_user(list(range(20))), 1) == [list(range(1, 16)), [16], [17, 18, 19, 20]]


@pytest.mark.parametrize("cold_users", [0.0, 0.5])
def test_a_share_of_training_is_the_newest_and_nothing_else_changes(cold_users):
    whole, half = (split_by_time(DATASET, 0, cold_users, share) for share in (1.0, 0.5))
    for user in range(DATASET.users.size):
        (train, *held), (kept, *held_still) = parts(whole, user), parts(half, user)
        assert kept == train[len(train) - int(np.ceil(len(train) / 2)) :] and held_still == held
    assert np.array_equal(whole.thinned, half.thinned) and len(half.items) < len(whole.items)


def test_ratings_of_one_moment_stay_in_the_order_of_the_file():
    assert parts(one_user([5, 1, 1, 1, 0]), 1) == [[5, 2, 3, 4], [], [1]]


def test_what_is_known_when_validation_and_test_are_asked():
    splits = one_user(list(range(20)))
    assert splits.known("validation").items.tolist() == list(range(1, 16))
    assert splits.known("test").items.tolist() == list(range(1, 17))
    for known in (splits.model_history,):
        assert known.items.tolist() == list(range(1, 17))
        assert known.offsets.tolist() == [0, 0, 16, 16]
    assert splits.histories("test", np.array([1, 0]), 3).tolist() == [[14, 15, 16], [0, 0, 0]]
    assert splits.histories("validation", np.array([1]), 20)[0].tolist() == [*range(1, 16), 0, 0, 0, 0, 0]


def test_parts_are_disjoint_and_together_everything():
    splits = split_by_time(DATASET, 0)
    users = len(splits.offsets) - 1
    found = [(u, i) for u in range(users) for part in parts(splits, u) for i in part]
    positives = DATASET.interactions.positives
    assert len(found) == len(set(found)) == len(positives)
    assert set(found) == set(zip(positives.user.tolist(), positives.item.tolist(), strict=True))
    assert all(len(parts(splits, u)[0]) > 0 for u in np.unique(positives.user))


def test_cold_are_those_with_fewer_than_five_test_ratings():
    """25 ratings: 20 and 5; 24 ratings: floor(19.2) = 19 and 5; 23 ratings: 18 and 5; 20 ratings: 16 and 4."""
    assert not one_user(list(range(23))).cold[1]
    assert one_user(list(range(20))).cold[1]


@pytest.mark.parametrize("version", [1, 2])
def test_thinned_users_keep_their_newest_one_to_four(version):
    dataset = dataclasses.replace(DATASET, split_version=version)
    whole, thinned = split_by_time(dataset, 0), split_by_time(dataset, 0, cold_users=0.5)
    users = np.unique(dataset.interactions.positives.user)
    chosen = users[thinned.thinned[users]]
    half = len(users) / 2
    assert len(chosen) == round(half) if version == 1 else abs(len(chosen) - half) < 2 * np.sqrt(half)
    for user in users:
        before, validation, test = parts(whole, user)
        after = parts(thinned, user)
        assert after[2] == test
        if user in chosen:
            assert 1 <= len(after[0]) <= 4
            assert after[0] == (before + validation)[-len(after[0]) :]
            assert after[1] == []
        else:
            assert after == [before, validation, test]
    assert np.array_equal(thinned.thinned, split_by_time(dataset, 0, cold_users=0.5).thinned)
    assert not np.array_equal(thinned.thinned, split_by_time(dataset, 1, cold_users=0.5).thinned)
    assert any("1 to 4" in line for line in thinned.report)


def test_without_times_or_with_nothing_to_hold_out():
    with pytest.raises(InputError, match="expected timestamps with data.protocol top_n"):
        split_by_time(small.dataset(timed=False), 0)
    with pytest.raises(InputError, match="expected users with two ratings"):
        one_user([1])
