"""Protocol S: time order, what is held out, and candidates that nobody has touched."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from tests.data.small import dataset
from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset, RawData
from tfkgrec.errors import InputError
from tfkgrec.protocols.sequential.split import DAY, split_sequences


def timed(rows: list[tuple[str, str, int]], items: int = 8, version: int = 2) -> Dataset:
    ids = [f"i{n}" for n in range(items)]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"]).assign(positive=True)
    triples = pd.DataFrame([("i0", "genre", "noir")], columns=["head", "relation", "tail"])
    return assemble(RawData("timed", table, triples, pd.DataFrame({"item": ids, "entity": ids})), 0, version=version)


def raw_items(data: Dataset, items: np.ndarray) -> list[str]:
    return data.items.decode(items).tolist()


def test_a_share_of_training_is_the_newest_and_nothing_else_changes():
    data = dataset(users=80, items=400)
    whole = split_sequences(data, 0)
    half, tenth = (split_sequences(data, 0, train_share=share) for share in (0.5, 0.1))
    for user in range(data.users.size):
        full = whole.train_history.of(user).tolist()
        for splits, share in ((half, 0.5), (tenth, 0.1)):
            kept = int(np.ceil(share * len(full)))
            assert splits.train_history.of(user).tolist() == full[len(full) - kept :]
            held = whole.model_history.of(user).tolist()[len(full) :]
            assert splits.model_history.of(user).tolist()[kept:] == held
    for part in ("validation", "test"):
        for field in dataclasses.fields(whole.test):
            expected = getattr(getattr(whole, part), field.name)
            assert_array_equal(getattr(getattr(half, part), field.name), expected)


def test_next_item_by_hand():
    # In the file u's items stand as i3 i1 i2 i0.
    data = timed([("u", "i3", 40), ("v", "i5", 1), ("u", "i1", 20), ("u", "i2", 21), ("u", "i0", 10), ("v", "i6", 2)])
    splits = split_sequences(data, 0)
    u, v = (int(x) for x in data.users.encode(["u", "v"]))
    own = splits.items[splits.offsets[u] : splits.offsets[u + 1]]
    assert raw_items(data, own) == ["i0", "i1", "i2", "i3"]
    assert raw_items(data, splits.validation.item) == ["i2"]
    assert raw_items(data, splits.test.item) == ["i3"]
    assert splits.validation.user.tolist() == splits.test.user.tolist() == [u]  # v has two items: too few to ask
    assert raw_items(data, splits.histories("validation", np.array([u]), 3)[0]) == ["i0", "i1", ""]
    assert raw_items(data, splits.histories("test", np.array([u]), 2)[0]) == ["i1", "i2"]  # the newest two
    assert splits.train_history.lengths[[u, v]].tolist() == [2, 2]
    # what test may know: the validation item too, not its own; v is known as a whole
    for known in (splits.model_history, splits.known("test")):
        assert raw_items(data, known.of(u)) == ["i0", "i1", "i2"]
        assert raw_items(data, known.of(v)) == ["i5", "i6"]
    ranked = "next item: 1 of 2 users have enough to hold out and are ranked"
    few = "1 of them among fewer than 100 items, 4 at least"  # of eight
    assert splits.report == (ranked, f"not drawn: {few}, as there are no more that they have not touched")


def test_ties_are_broken_by_file_order_in_version_1_and_never_in_version_2():
    rows = [("u", f"i{n}", 7) for n in (4, 0, 6, 2, 5, 1)]
    in_file = [item for _, item, _ in rows]
    found = {}
    for version in (1, 2):
        for order in (rows, rows[::-1]):
            data = timed(order, version=version)
            found[version, order is rows] = raw_items(data, split_sequences(data, 3).items)
    assert found[1, True] == in_file == found[1, False][::-1]
    assert found[2, True] == found[2, False] not in (in_file, in_file[::-1])


def test_next_session_by_hand():
    # Days 0, 1, 1, 3 for u; v has two days: too few.
    day = [("u", "i0", 5), ("u", "i1", DAY), ("u", "i2", 2 * DAY - 1), ("u", "i3", 3 * DAY), ("u", "i4", 3 * DAY + 9)]
    data = timed([*day, ("v", "i5", 0), ("v", "i6", DAY), ("v", "i7", DAY + 1)])
    splits = split_sequences(data, 0, "session")
    u, v = (int(x) for x in data.users.encode(["u", "v"]))
    assert raw_items(data, splits.validation.item) == ["i1", "i2"]
    assert raw_items(data, splits.test.item) == ["i3", "i4"]
    assert splits.test.offsets.tolist() == [0, 2]
    assert splits.train_history.lengths[[u, v]].tolist() == [1, 3]


@pytest.mark.parametrize("next", ["item", "session"])
def test_parts_follow_each_other_and_leave_nothing_out(next):
    data = _spread(dataset(users=60, items=200))
    splits = split_sequences(data, 1, next)
    assert len(splits.test.user) > 10
    for k, user in enumerate(splits.test.user):
        known = splits.histories("test", np.array([user]), 50)[0]
        parts = [
            splits.train_history.of(user),
            splits.validation.item[splits.validation.offsets[k] : splits.validation.offsets[k + 1]],
            splits.test.item[splits.test.offsets[k] : splits.test.offsets[k + 1]],
        ]
        assert_array_equal(np.concatenate(parts), splits.items[splits.offsets[user] : splits.offsets[user + 1]])
        assert_array_equal(known[known > 0], np.concatenate(parts[:2]))
    assert len(splits.items) == len(data.interactions.positives)


def test_negatives_are_untouched_distinct_half_of_them_popular_and_fixed_by_the_seed():
    data = _spread(dataset(users=200, items=400))
    splits, again, other = split_sequences(data, 0), split_sequences(data, 0), split_sequences(data, 1)
    popularity = np.bincount(splits.train_history.items, minlength=splits.num_item_rows)
    for part in ("validation", "test"):
        targets = getattr(splits, part)
        assert targets.negatives.shape == (len(targets.user), 100)
        assert_array_equal(targets.negatives, getattr(again, part).negatives)
        assert not np.array_equal(targets.negatives, getattr(other, part).negatives)
        for user, negatives in zip(targets.user, targets.negatives, strict=True):
            own = splits.items[splits.offsets[user] : splits.offsets[user + 1]]
            assert len(np.unique(negatives)) == 100
            assert negatives.min() >= 1
            assert not np.intersect1d(negatives, own).size
        uniform, popular = popularity[targets.negatives].reshape(-1, 2, 50).mean(axis=(0, 2))
        assert popular > 2 * uniform
    assert not np.array_equal(splits.validation.negatives, splits.test.negatives)


def test_a_user_who_has_touched_almost_everything_gets_the_rest():
    data = timed([("u", f"i{n}", n) for n in range(6)])
    splits = split_sequences(data, 0)
    negatives = splits.test.negatives[0]
    assert sorted(raw_items(data, negatives[negatives > 0])) == ["i6", "i7"]


def test_needs_time():
    with pytest.raises(InputError, match="small: expected timestamps with data.protocol sequential, found none"):
        split_sequences(dataset(timed=False), 0)


def test_needs_somebody_to_ask():
    with pytest.raises(InputError, match="timed: expected users with three sessions, found none among 1"):
        split_sequences(timed([("u", "i0", 1), ("u", "i1", 2), ("u", "i2", 3)]), 0, "session")


def test_a_touched_negative_is_refused():
    splits = split_sequences(_spread(dataset()), 0)
    bad = splits.test.negatives.copy()
    bad[0, 0] = splits.test.item[0]
    broken = dataclasses.replace(splits, test=dataclasses.replace(splits.test, negatives=bad))
    with pytest.raises(InputError, match="test: item .* is a negative of user .*, who has touched it"):
        broken.validate()


def _spread(data: Dataset) -> Dataset:
    """The same with hours for seconds, so that there are days."""
    pairs = data.interactions
    return dataclasses.replace(data, interactions=dataclasses.replace(pairs, timestamp=pairs.timestamp * 3_600))
