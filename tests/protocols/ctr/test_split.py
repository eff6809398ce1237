"""Protocol C, exactly: counts per user, shares, dropped users, what is drawn and from where."""

from dataclasses import replace

import numpy as np
import pytest

from tests.data import small
from tfkgrec.data.draws import draws_of
from tfkgrec.data.records import Interactions
from tfkgrec.errors import InputError
from tfkgrec.protocols.ctr.split import Splits, check_labels, split_ctr, user_histories

PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def dataset():
    return small.dataset(users=120)


@pytest.fixture(scope="module")
def splits(dataset):
    return split_ctr(dataset, 0)


def pairs(splits: Splits, label: int | None = None) -> set[tuple[int, int]]:
    """All (user, item) of all parts."""
    return {
        (int(u), int(i))
        for name in PARTS
        for u, i, y in zip(*(getattr(getattr(splits, name), k) for k in ("user", "item", "label")), strict=True)
        if label is None or y == label
    }


def rated(dataset, positive: bool | None = None) -> set[tuple[int, int]]:
    rows = dataset.interactions
    return {
        (int(u), int(i))
        for u, i, y in zip(rows.user, rows.item, rows.label, strict=True)
        if positive is None or (y > 0) == positive
    }


def test_as_many_negatives_as_positives_for_every_user(dataset, splits):
    kept = set(np.flatnonzero(splits.train_history.lengths).tolist())
    for user in kept:
        positives = {i for u, i in rated(dataset, True) if u == user}
        assert {i for u, i in pairs(splits, 1) if u == user} == positives
        negatives = [i for u, i in pairs(splits, 0) if u == user]
        assert len(negatives) == len(positives)


def test_on_a_dense_catalogue_pairs_are_counted_as_they_are_and_what_is_missing_is_said():
    dense = small.dataset(users=120, items=14)
    wanted, drawn = 0, {}
    for user in range(1, dense.users.size):
        liked, own = (sum(u == user for u, _ in rated(dense, positive)) for positive in (True, None))
        wanted, drawn[user] = wanted + liked + min(liked, 14 - own), min(0, 14 - own - liked)
    assert dense.stats()["labelled_pairs"] == wanted < 2 * len(rated(dense, True))
    splits = split_ctr(dense, 0)
    kept = [drawn[user] for user in np.flatnonzero(splits.train_history.lengths).tolist()]
    whose = f"{np.count_nonzero(kept)} users have not rated as many items as they like"
    assert splits.report[-1] == f"not drawn: {-sum(kept)} negatives, as {whose}"


def test_negatives_were_never_rated_not_even_below_the_threshold(dataset, splits):
    assert rated(dataset, False)  # there are some
    assert not pairs(splits, 0) & rated(dataset)


@pytest.mark.parametrize("version", [1, 2])
def test_pairs_are_cut_60_20_20(dataset, version):
    # Before users are dropped: with everybody in train, shares are exact; by keys every pair is dealt out by itself.
    everybody = replace(dataset, interactions=dataset.interactions.positives, split_version=version)
    split = split_ctr(everybody, 0)
    lost = 2 * sum(1 for u, _ in rated(everybody) if split.train_history.lengths[u] == 0)
    total = 2 * len(everybody.interactions)
    assert sum(len(getattr(split, name)) for name in PARTS) == total - lost
    for name, share in zip(PARTS, (0.6, 0.2, 0.2), strict=True):
        spread = 1 if version == 1 else 4 * np.sqrt(total * share * (1 - share))
        assert share * total - lost - spread <= len(getattr(split, name)) <= share * total + spread


def test_labels_are_spread_over_the_parts_at_random(splits):
    for name in PARTS:
        part = getattr(splits, name)
        assert part.label.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(part)))  # four standard errors


def test_users_without_a_training_positive_are_dropped_from_all_parts(dataset, splits):
    dropped = set(range(1, dataset.users.size)) - set(splits.train.positives.user.tolist())
    assert dropped  # single users make some
    assert not dropped & {u for u, _ in pairs(splits)}
    assert set(np.flatnonzero(splits.train_history.lengths == 0).tolist()) == dropped | {0}


def test_histories_are_the_training_positives_in_order_of_time(dataset, splits):
    rows = dataset.interactions
    when = {(int(u), int(i)): int(t) for u, i, t in zip(rows.user, rows.item, rows.timestamp, strict=True)}
    train = splits.train.positives
    for user in range(dataset.users.size):
        history = splits.train_history.of(user).tolist()
        assert sorted(history) == sorted(train.item[train.user == user].tolist())
        times = [when[user, item] for item in history]
        assert times == sorted(times)


def test_popularity_counts_training_positives_only(dataset, splits):
    train = splits.train.positives
    expected = [int(np.sum(train.item == item)) for item in range(dataset.items.size)]
    assert splits.popularity.tolist() == expected


def test_one_seed_one_split(dataset, splits):
    again, other = split_ctr(dataset, 0), split_ctr(dataset, 1)
    for name in PARTS:
        for column in ("user", "item", "label", "timestamp"):
            assert np.array_equal(getattr(getattr(again, name), column), getattr(getattr(splits, name), column))
    assert np.array_equal(again.train_history.items, splits.train_history.items)
    assert pairs(other, 0) != pairs(splits, 0)  # negatives are drawn again, too
    assert set(zip(other.train.user, other.train.item, strict=True)) != set(
        zip(splits.train.user, splits.train.item, strict=True)
    )


@pytest.mark.parametrize("version", [1, 2])
def test_without_timestamps_the_order_is_not_that_of_the_file(dataset, version):
    rows = Interactions(np.ones(50, np.int32), np.arange(1, 51, dtype=np.int32), np.ones(50, np.float32))
    history = user_histories(rows, 2, draws_of(replace(dataset, split_version=version), 0, 1))
    assert sorted(history.items.tolist()) == list(range(1, 51))
    assert history.items.tolist() != list(range(1, 51))
    assert history.offsets.tolist() == [0, 0, 50]


def test_a_user_who_rated_nearly_everything_gets_what_is_left():
    dataset = small.dataset(users=30, items=14, disliked=1)
    splits = split_ctr(dataset, 0)
    assert not pairs(splits, 0) & rated(dataset)
    short = 0
    for user in np.flatnonzero(splits.train_history.lengths).tolist():
        positives, touched = (sum(u == user for u, _ in rated(dataset, p)) for p in (True, None))
        assert sum(u == user for u, _ in pairs(splits, 0)) == min(positives, 14 - touched)
        short += positives > 14 - touched
    assert short


def test_validate_names_a_pair_that_is_in_two_parts(splits):
    with pytest.raises(InputError, match=r"user \d+: item \d+ is in train and validation"):
        replace(splits, validation=splits.train).validate()


def test_a_data_set_too_small_to_train_on(dataset):
    one = replace(dataset, interactions=dataset.interactions.positives.take(np.array([0])), split_version=1)
    for seed in range(8):  # one positive, one negative, one of the two in train
        with pytest.raises(
            InputError, match="small: expected positives and negatives in the train split, found . and 0 of 1 and 1"
        ):
            check_labels(one, split_ctr(one, seed))
