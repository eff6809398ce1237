"""What every dataset passes: tables as `RawData` promises them, which become the same `Dataset` every time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import RawData
from tfkgrec.registry import DatasetSpec

LARGE = 10_000  # interactions


@dataclass(frozen=True)
class SmallData:
    """A dataset and what reads it.

    Attributes:
        read: the tables, anew unless they are large.
    """

    spec: DatasetSpec
    read: Callable[[], RawData]


class DatasetCase:
    """Subclassed with a fixture `given`."""

    def test_tables_have_their_columns(self, given: SmallData) -> None:
        raw = given.read()
        assert raw.name == given.spec.name
        assert list(raw.interactions)[:3] == ["user", "item", "positive"]
        assert set(raw.interactions) <= {"user", "item", "positive", "timestamp"}
        assert raw.interactions["positive"].dtype == bool
        assert "timestamp" not in raw.interactions or raw.interactions["timestamp"].dtype == np.int64
        assert list(raw.triples) == ["head", "relation", "tail"]
        assert list(raw.item_links) == ["item", "entity"]
        texts = [raw.interactions[["user", "item"]], raw.triples, raw.item_links]
        for column in (table[name] for table in texts for name in table):
            assert all(isinstance(value, str) and value for value in column.unique())

    def test_nothing_is_there_twice(self, given: SmallData) -> None:
        raw = given.read()
        assert not raw.interactions.duplicated(["user", "item"]).any()
        assert not raw.triples.duplicated().any()
        assert raw.item_links["item"].is_unique and raw.item_links["entity"].is_unique

    def test_every_item_has_an_entity_and_somebody_likes_something(self, given: SmallData) -> None:
        raw = given.read()
        assert set(raw.interactions["item"]) <= set(raw.item_links["item"])
        assert raw.interactions["positive"].any()
        touched = set(raw.triples["head"]) | set(raw.triples["tail"])
        assert touched & set(raw.item_links["entity"])

    def test_names_are_for_all_or_for_nobody(self, given: SmallData) -> None:
        raw = given.read()
        assert not raw.entity_names or set(raw.item_links["entity"]) <= set(raw.entity_names)
        assert not raw.relation_names or set(raw.triples["relation"]) <= set(raw.relation_names)
        assert all(text.strip() for text in (*raw.entity_names.values(), *raw.relation_names.values(), *raw.report))

    def test_read_again_it_is_the_same(self, given: SmallData) -> None:
        first, again = given.read(), given.read()
        if len(first.interactions) > LARGE:
            pytest.skip("large: counted in tests/datasets/test_real_counts.py")
        for table in ("interactions", "triples", "item_links"):
            pd.testing.assert_frame_equal(getattr(first, table), getattr(again, table))
        assert (first.entity_names, first.relation_names) == (again.entity_names, again.relation_names)
        one, two, other = assemble(first, 0), assemble(again, 0), assemble(first, 1)
        assert np.array_equal(one.entities.raw, two.entities.raw)
        assert np.array_equal(one.graph.head, two.graph.head)
        assert np.array_equal(one.interactions.item, two.interactions.item)
        assert sorted(one.items.raw) == sorted(other.items.raw)
        assert one.stats() == other.stats()  # another seed numbers otherwise, and counts the same
