"""What is told of data when they are numbered."""

import dataclasses

import pandas as pd

from tests.data.small import raw_data
from tfkgrec.data.assemble import assemble


def test_items_that_are_tails_only_are_told_of_where_there_are_some() -> None:
    raw = raw_data()
    items = raw.item_links["entity"].tolist()
    facts = [(item, "genre", "noir") for item in items[9:]]
    turned = [("noir", "of", item) for item in items[:9]]
    told = {
        few: [
            line
            for line in assemble(dataclasses.replace(raw, triples=frame(rows)), 0, inverse).report
            if "tails of triples only" in line
        ]
        for few, (rows, inverse) in {
            "some": ([*facts, *turned], False),
            "turned": ([*facts, *turned], True),
            "none": (facts, False),
        }.items()
    }
    assert told["turned"] == told["none"] == []
    (line,) = told["some"]
    assert line.startswith(f"9 of {len(items)} items") and "data.inverse_relations" in line


def frame(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["head", "relation", "tail"])
