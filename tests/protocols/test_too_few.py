"""Files of a few rows: refused in one line that says how many are needed, or there is enough to learn and to judge."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfkgrec.config import build_config
from tfkgrec.data.assemble import assemble
from tfkgrec.data.feedback import k_core
from tfkgrec.datasets.own_files.read import read_files
from tfkgrec.errors import InputError
from tfkgrec.runs.run import prepare

MODELS = {"ctr": "mf", "top_n": "mf", "sequential": "ksr"}
USERS, ITEMS = 6, 12
ROWS = st.lists(st.tuples(st.integers(1, USERS), st.integers(1, ITEMS)), min_size=1, max_size=30, unique=True)


def prepared(protocol: str, rows: list[tuple[int, int]], **split: object):
    frame = pd.DataFrame(rows, columns=["user", "item"]).assign(timestamp=100_000 * np.arange(len(rows)))
    facts = pd.DataFrame([(item, "of", f"kind {item % 3}") for item in range(1, ITEMS + 1)], columns=["h", "r", "t"])
    config = build_config(
        {
            "model": {"name": MODELS[protocol], **({"train_items": True} if protocol == "sequential" else {})},
            "data": {"dataset": "files", "interactions": "-", "triples": "-", "protocol": protocol, **split},
            **({"training": {"predict_first": False}} if protocol == "sequential" else {}),
        },
        check=lambda config: None,
    )
    return prepare(config, assemble(read_files(frame, facts, timestamp="timestamp"), seed=0, version=2))


def has_enough(protocol: str, splits) -> bool:
    if protocol == "ctr":
        return all(0 < part.label.sum() < len(part) for part in (splits.train, splits.validation, splits.test))
    if protocol == "top_n":
        return len(splits.train_history.items) > 0 and len(splits.validation) > 0 and len(splits.test) > 0
    return splits.train_history.lengths.max() > 1 and len(splits.validation.user) == len(splits.test.user) > 0


@pytest.mark.parametrize("protocol", MODELS)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
@example(rows=[(1, 1)])
@example(rows=[(user, 1) for user in range(1, USERS + 1)])
@example(rows=[(1, item) for item in range(1, ITEMS + 1)])
@example(rows=[(1, 1), (1, 2), (1, 3), (2, 4)])
@example(rows=[(user, item) for user in range(1, 3) for item in range(1, 6)])
def test_too_few_rows_are_refused_with_the_number_needed(protocol, rows):
    try:
        splits = prepared(protocol, rows).splits
    except InputError as error:
        assert "\n" not in str(error)
        expected = "expected items that a user has not rated|expected positives and negatives .*; 20 of each"
        expected += "|expected users with (two ratings|three items|7 ratings|two items before)"
        assert re.search(expected, str(error)), str(error)
    else:
        assert has_enough(protocol, splits)


@pytest.mark.parametrize(
    ("protocol", "rows", "message"),
    [
        (
            "ctr",
            [(1, 1), (1, 2)],
            r"expected items that a user has not rated, .*, found none: every one of the users \(1\)",
        ),
        (
            "ctr",
            [(n, n) for n in range(1, 7)],
            r"found 0 and \d of 6 and 6 in all \(one user likes 1 at most\); 20 of each, two or more of a user",
        ),
        (
            "top_n",
            [(1, n) for n in range(1, 7)] + [(2, 7)],
            "expected users with 7 ratings or more, .* among 2, .* 6 at most",
        ),
        (
            "sequential",
            [(1, 1), (1, 2), (1, 3), (2, 4)],
            "expected users with two items before the last two items, one to",
        ),
    ],
)
def test_what_is_missing_is_named(protocol, rows, message):
    with pytest.raises(InputError, match=f"^files: .*{message}"):
        prepared(protocol, rows)


def test_of_seven_ratings_some_learn_choose_and_test():
    splits = prepared("top_n", [(1, n) for n in range(1, 8)] + [(2, 8)]).splits
    assert (len(splits.validation), len(splits.test)) == (1, 2)


def test_a_core_that_is_empty_says_how_far_off_it_is():
    rows = pd.DataFrame({"user": list("abb"), "item": list("xxy")})
    raw = read_files(rows, pd.DataFrame([("x", "r", "y")]))
    with pytest.raises(
        InputError, match="found none among 3, at most 2 of one user and 2 of one item; a smaller one takes them"
    ):
        k_core(raw, 3)
