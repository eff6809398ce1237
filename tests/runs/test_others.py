"""Other data than a run's own, in its ids, and every protocol's question about them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.data import small
from tfkgrec import registry
from tfkgrec.data.history import History
from tfkgrec.data.other_data import OtherData
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.records import IdMap
from tfkgrec.data.records import Interactions as Pairs
from tfkgrec.datasets.own_files.read import Interactions
from tfkgrec.runs.fingerprint import digest_arrays
from tfkgrec.runs.id_files import read_seen, write_id_files
from tfkgrec.runs.others import match
from tfkgrec.training.contract import Splits
from tfkgrec.training.run_directory import RunDirectory

DATASET = small.dataset(users=30, items=40)


@pytest.fixture
def run(tmp_path):
    run = RunDirectory(tmp_path)
    write_id_files(run.vocabularies, DATASET, DATASET.seen_items)
    return run


def test_rows_are_matched_by_raw_ids_and_all_are_accounted_for(run):
    seen = DATASET.seen_items
    user, other = (str(DATASET.users.raw[u]) for u in (3, 4))
    old, new = str(DATASET.items.raw[seen.of(3)[0]]), str(DATASET.items.raw[_untouched(3)[0]])
    rows = [(user, old, True), (user, new, False), ("stranger", old, True), (other, "unheard of", True)]
    rows += [("stranger", new, True), ("another", new, True)]
    frame = pd.DataFrame(rows, columns=["user", "item", "positive"])
    table = seen.newest(4)[:, ::-1]  # the model reads four of them, in an order of its own
    model = SimpleNamespace(history_length=4, stored_histories=lambda: History.of_rows(table))
    found, counts = match(Interactions(RawTable("", frame), frame), run, model, 1)
    assert counts == {"rows": 6, "new_rows": 4, "known_rows": 1, "rows_of_unknown_items": 1, "unknown_items": 1}
    assert found.new.user.tolist() == [3, 31, 31, 32]  # users of the run are 1 to 30
    assert found.new.label.tolist() == [0, 1, 1, 1]
    assert found.model_user[[3, 31, 32]].tolist() == [3, 0, 0] and len(found.model_user) == found.known.num_users == 33
    for one in range(31):
        read = [item for item in table[one].tolist() if item]
        known = found.known.of(one).tolist()
        assert sorted(known) == sorted(seen.of(one).tolist())
        assert known[len(known) - len(read) :] == read
    assert read_seen(run.vocabularies).items.num_users == 31


def _untouched(user: int) -> list[int]:
    return [item for item in range(1, DATASET.items.size) if item not in DATASET.seen_items.of(user)]


def other_data() -> OtherData:
    """New rows of users 1 to 10, and of a stranger, 31; one of each user's is no positive."""
    rng = np.random.default_rng(0)
    rows = [(user, item) for user in [*range(1, 11), 31] for item in rng.permutation(_untouched(user % 31))[:5]]
    user, item = np.array(rows, np.int32).T
    label = (np.arange(len(user)) % 5 > 0).astype(np.float32)
    seen = DATASET.seen_items
    known = History(seen.items, np.append(seen.offsets, seen.offsets[-1]))
    model_user = np.append(np.arange(31), 0).astype(np.int32)
    users = IdMap("user", np.append(DATASET.users.raw, "stranger"))
    new = Pairs(user, item, label, np.arange(len(user))[::-1].copy())
    return OtherData(known, new, model_user, users, DATASET.items)


@pytest.mark.parametrize("name", [name for name, spec in registry.protocols().items() if spec.others])
def test_every_protocol_asks_about_what_is_new_and_liked(name):
    spec, other = registry.protocol(name), other_data()
    judge = registry.load(spec.others)(other, spec.split(), spec.training(jit_compile=False), spec.evaluation())
    liked = {(int(u), int(i)) for u, i, y in zip(other.new.user, other.new.item, other.new.label, strict=True) if y}
    splits = judge.splits
    test = splits.test
    if name == "sequential":
        asked = {(int(u), int(i)) for u, i in zip(test.user, test.item, strict=True)}
        newest = {u: max((t, i) for v, i, t, y in _rows(other) if v == u and y)[1] for u in test.user.tolist()}
        assert asked == set(newest.items())
        assert 31 in newest  # of whom this file tells something before
    else:
        positives = test.positives
        assert set(zip(positives.user.tolist(), positives.item.tolist(), strict=True)) == liked
    touched = {(int(u), int(i)) for u, i in zip(other.touched.user, other.touched.item, strict=True)}
    if name == "ctr":
        negatives = test.take(test.label == 0)
        drawn = list(zip(negatives.user.tolist(), negatives.item.tolist(), strict=True))
        assert len(drawn) == len(set(drawn)) == len(liked) and not set(drawn) & touched
    assert np.array_equal(judge.asked, np.unique(test.user))
    for baseline in judge.baselines:
        figures = judge.baseline(baseline)
        flat = [value for one in figures.values() for value in (one.values() if isinstance(one, dict) else [one])]
        assert flat and np.isfinite(flat).all()


@pytest.mark.parametrize("name", [name for name, spec in registry.protocols().items() if spec.others])
def test_the_order_of_the_rows_changes_nothing(name, run):
    """Nor does another stranger change what anybody is asked."""
    spec, rng = registry.protocol(name), np.random.default_rng(0)
    users, items = [*DATASET.users.raw[1:9], "stranger", "another"], DATASET.items.raw[1:]
    rows = [(user, item, True, int(rng.integers(9))) for user in users for item in rng.choice(items, 6, False)]
    frame = pd.DataFrame(rows, columns=["user", "item", "positive", "timestamp"])
    model = SimpleNamespace(history_length=0)

    def asked(pairs: pd.DataFrame) -> Splits:
        other, _ = match(Interactions(RawTable("", pairs), pairs), run, model, 2)
        return registry.load(spec.others)(other, spec.split(), spec.training(), spec.evaluation()).splits

    one, shuffled = (asked(pairs) for pairs in (frame, frame.sample(frac=1, random_state=1)))
    assert digest_arrays(one) == digest_arrays(shuffled)
    fewer = asked(frame[frame["user"] != "another"])
    of_the_run = [
        {pair for pair in zip(splits.test.user.tolist(), splits.test.item.tolist(), strict=True) if pair[0] <= 30}
        for splits in (one, fewer)
    ]
    assert of_the_run[0] == of_the_run[1] != set()


def _rows(other: OtherData):
    new = other.new
    return list(zip(new.user.tolist(), new.item.tolist(), new.timestamp.tolist(), new.label.tolist(), strict=True))
