"""Protocols that rank: every rating counts; users and items with too little go, until nothing more has to."""

import pandas as pd
import pytest

from tfkgrec.config import DataConfig
from tfkgrec.data.feedback import every_rating_counts, k_core
from tfkgrec.data.records import RawData
from tfkgrec.datasets.load import load_raw
from tfkgrec.datasets.synthetic.settings import SyntheticSettings, WorldSize
from tfkgrec.errors import InputError
from tfkgrec.protocols.sequential.settings import SequentialSplit


def raw(pairs: list[tuple[str, str, bool]], items: str = "abcd") -> RawData:
    return RawData(
        "small",
        pd.DataFrame(pairs, columns=["user", "item", "positive"]),
        pd.DataFrame([("a", "genre", "noir"), ("d", "genre", "noir")], columns=["head", "relation", "tail"]),
        pd.DataFrame({"item": list(items), "entity": list(items)}),
    )


def test_a_low_rating_is_feedback_too():
    before = raw([("u", "a", True), ("u", "b", False)])
    assert every_rating_counts(before).interactions["positive"].tolist() == [True, True]
    assert before.interactions["positive"].tolist() == [True, False]


def test_the_core_is_taken_until_it_stands_still():
    # c has one interaction and goes; then u3 has one left (b) and goes; a and b still have two each.
    pairs = [("u1", "a"), ("u1", "b"), ("u2", "a"), ("u2", "b"), ("u3", "b"), ("u3", "c")]
    core = k_core(raw([(u, i, True) for u, i in pairs]), 2)
    assert core.interactions[["user", "item"]].to_numpy().tolist() == [list(p) for p in pairs[:4]]
    assert core.item_links["item"].tolist() == ["a", "b"]  # d was never touched
    assert len(core.triples) == 2  # the graph stays whole
    assert core.report == ("left out: 2 interactions, 1 users and 2 items outside the 2-core",)


def test_nothing_to_leave_out_is_no_line():
    pairs = [("u1", "a", True), ("u1", "b", True), ("u2", "a", True), ("u2", "b", True)]
    assert k_core(raw(pairs, "ab"), 2).report == ()


def test_an_empty_core_is_the_users_mistake():
    with pytest.raises(
        InputError, match="data.k_core: expected users and items with 2 interactions, found none among 1"
    ):
        k_core(raw([("u", "a", True)]), 2)


def test_sequential_asks_for_a_core_of_ten_and_ctr_for_none():
    sizes = WorldSize(users=60, items=40)
    core = load_raw(DataConfig("synthetic", protocol="sequential", source=SyntheticSettings(sizes)), 0).interactions
    assert core["user"].value_counts().min() >= 10
    assert core["item"].value_counts().min() >= 10
    assert (
        load_raw(DataConfig("synthetic", source=SyntheticSettings(sizes)), 0).interactions["user"].value_counts().min()
        < 10
    )


def test_next_belongs_to_sequential():
    assert DataConfig("synthetic", protocol="sequential").split == SequentialSplit(next="item")
    with pytest.raises(InputError, match="split: expected CtrSplit for synthetic and ctr, found SequentialSplit"):
        DataConfig("synthetic", split=SequentialSplit(next="session"))
