"""`data.split_version: 2`: other rows, and other orders of them, change nothing of a user; 1 stays as it was."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.data.small import raw_data
from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset, RawData
from tfkgrec.protocols.ctr.settings import CtrSplit
from tfkgrec.protocols.ctr.split import split_ctr
from tfkgrec.protocols.ctr.whole import whole
from tfkgrec.protocols.sequential.split import UNIFORM_NEGATIVES, split_sequences
from tfkgrec.protocols.top_n.split import split_by_time
from tfkgrec.runs.fingerprint import digest_arrays, fingerprint


def shuffled(raw: RawData, seed: int) -> RawData:
    def rows(table: pd.DataFrame) -> pd.DataFrame:
        return table.sample(frac=1, random_state=seed)

    tables = {name: rows(getattr(raw, name)) for name in ("interactions", "triples", "item_links")}
    return dataclasses.replace(raw, **tables)


def digest(data: Dataset) -> tuple[str, ...]:
    """Of its arrays in their order, of its ids and of its splits."""
    made = [fingerprint(data, split_ctr(data, seed=3))]
    if data.timed:
        made += [fingerprint(data, split_sequences(data, 3)), fingerprint(data, split_by_time(data, 3))]
    return digest_arrays(data.interactions, data.graph), *(text for each in made for text in each.values())


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("shuffle", range(3))
def test_shuffled_rows_change_nothing(timed, shuffle):
    raw = raw_data(timed=timed)
    one, other = (assemble(each, 3, True, version=2) for each in (raw, shuffled(raw, shuffle)))
    assert digest(one) == digest(other)
    assert digest(one) != digest(assemble(raw, 4, True, version=2))


def test_version_1_is_what_it_was():
    """Its draws, to the last; recorded before there was another version. They follow the order of the rows."""
    raw = raw_data(users=120)
    data = assemble(raw, 3, version=1)
    timeless = assemble(raw_data(users=120, timed=False), 3, version=1)
    found = [split_ctr(data, 3), split_sequences(data, 3), split_by_time(data, 3, 0.4), split_ctr(timeless, 3)]
    recorded = ["a122600729710e34", "b102ac6d3385c6ab", "f92aa2cf66739240", "f54b96f6312335d0"]
    assert [digest_arrays(splits) for splits in found] == recorded
    assert digest_arrays(whole(data, CtrSplit(), 3)) == "defd3c3bb9da2ccb"
    assert digest_arrays(split_ctr(assemble(shuffled(raw, 0), 3, version=1), 3)) != recorded[0]


def of_users(data: Dataset, user: np.ndarray, *columns: np.ndarray) -> dict[str, list[tuple]]:
    """User -> the rows that it has, all in raw ids."""
    found: dict[str, list[tuple]] = {raw: [] for raw in data.users.raw[1:]}
    for name, *row in zip(data.users.decode(user), *columns, strict=True):
        found[name].append(tuple(row))
    return found


def given_to_users(raw: RawData) -> dict[str, dict[str, list[tuple]]]:
    """What -> user -> what the splits of all protocols give it."""
    data = assemble(raw, 3)
    clicks, later, next_ = split_ctr(data, 3), split_by_time(data, 3, 0.4), split_sequences(data, 3)
    found = {}
    for part in ("train", "validation", "test"):
        pairs = getattr(clicks, part)
        found[f"clicks {part}"] = of_users(data, pairs.user, data.items.decode(pairs.item), pairs.label)
    for splits, name in ((clicks, "clicks"), (later, "later"), (next_, "next")):
        for known in ("train_history", "model_history"):
            history = getattr(splits, known)
            found[f"{name} {known}"] = of_users(data, history.users(), data.items.decode(history.items))
    for part in ("validation", "test"):
        asked = getattr(next_, part)
        even = np.sort(data.items.decode(asked.negatives[:, :UNIFORM_NEGATIVES]).astype(str))
        found[f"next {part}"] = of_users(data, asked.user, map(tuple, even))
    return found


@pytest.mark.parametrize("what", ["a user", "a row"])
def test_more_rows_change_nothing_for_the_others(what):
    """Not even candidates, but for those drawn by popularity, which is everybody's."""
    raw = raw_data(users=60, items=120)
    added = raw.interactions.tail(4) if what == "a user" else raw.interactions.tail(1)
    name = "another" if what == "a user" else "u003"
    added = added.assign(user=name, positive=True)
    if what == "a row":
        taken = set(raw.interactions["item"][raw.interactions["user"] == name])
        added = added.assign(item=next(item for item in raw.item_links["item"] if item not in taken))
    before = given_to_users(raw)
    after = given_to_users(dataclasses.replace(raw, interactions=pd.concat([raw.interactions, added])))
    for part, users in before.items():
        assert {user: rows for user, rows in users.items() if user != name} == {
            user: rows for user, rows in after[part].items() if user != name
        }
    assert any(before[part].get(name) != after[part][name] for part in before)
