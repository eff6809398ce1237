"""Whatever stands in a file, every row is kept or told of, and an id is what stands between the separators."""

import csv
import io
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfkgrec.data.assemble import assemble
from tfkgrec.data.readers.text import Text, parse
from tfkgrec.datasets.own_files.read import read_files
from tfkgrec.errors import InputError

FACTS = pd.DataFrame({"head": ["a", "b", "c"], "relation": "r", "tail": ["x", "y", "z"]})
FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

LETTERS = st.sampled_from([*"ab7 ,;|\t\"'#=.", "\n", "\r", "\r\n", "\u00e9", "e\u0301", "\u2028", "\x1f", "\U0001f3ac"])
FIELDS = st.lists(LETTERS, max_size=6).map("".join)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), min_size=1, max_size=12)
)


def delimited(rows: list[list[str]], separator: str, ends: str) -> bytes:
    """As RFC 4180 has it, by Python's own writer; every field in quotes."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator=ends).writerows(rows)
    return out.getvalue().encode()


@FEW
@given(rows=TABLES, separator=st.sampled_from(",;|\t"), ends=st.sampled_from(["\n", "\r\n", "\r"]))
def test_fields_come_back_as_they_were_written(
    tmp_path: Path, rows: list[list[str]], separator: str, ends: str
) -> None:
    """Separators, quotes and line ends in fields; and every row begins on the line that the reader says."""
    header = [f"column {n}" for n in range(len(rows[0]))]
    path = tmp_path / "t.csv"
    path.write_bytes(delimited([header, *rows], separator, ends))
    table = parse(Text.read(path), separator)
    assert table.frame.to_numpy().tolist() == rows and not table.bad
    before = [delimited([header, *rows[:n]], separator, ends).decode() for n in range(len(rows))]
    assert table.frame.index.tolist() == [1 + len(re.findall(r"\r\n|\r|\n", text)) for text in before]


ROW = st.tuples(st.sampled_from("abcde "), st.sampled_from(["a", "b", "c", ""]), st.sampled_from(["1", "5", "x", ""]))
LINES = st.lists(st.one_of(ROW.map(",".join), st.sampled_from(["", "  ", "a,b", "a,b,5,6", '"a",b,5'])), min_size=1)


@FEW
@given(lines=LINES)
def test_every_row_is_kept_or_told_of(tmp_path: Path, lines: list[str]) -> None:
    """Counted by hand: blank lines are none; of the others each is a pair, a repeat, a bad row, or of an idle user."""
    path = tmp_path / "r.csv"
    path.write_text("\n".join(["user,item,stars", *lines]))
    rows = [[field.strip(' "') for field in line.split(",")] for line in lines if line.strip()]
    good = [row for row in rows if len(row) == 3 and all(row) and row[2] != "x"]
    pairs = {(user, item) for user, item, _ in good}
    liking = {user for user, _, stars in good if stars == "5"}
    try:
        raw = read_files(path, FACTS, rating="stars", positive_at=4, max_bad_rows=0.99)
        dataset = assemble(raw, 0, version=2)
    except InputError as error:
        assert not liking, error
        return
    assert Counter(len(one.text) >= 0 for one in raw.bad)[True] == len(rows) - len(good)
    assert set(zip(raw.interactions["user"], raw.interactions["item"], strict=True)) == pairs
    kept = len(dataset.interactions)
    told = sum(
        int(count.replace(",", ""))
        for line in dataset.report
        for count in re.findall(r"^left out: ([\d,]+) (?:of [\d,]+ rows|repeats of a \(user|interactions)", line)
    )
    assert kept == sum(user in liking for user, _ in pairs)
    assert kept + told == len(rows)


@FEW
@given(
    ids=st.lists(st.text("abc019-", min_size=1, max_size=4), min_size=6, max_size=6, unique=True),
    header=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_a_file_without_a_header_keeps_its_first_row(tmp_path: Path, ids: list[str], header: bool, ends: str) -> None:
    """Whether the ids are digits or words: with places for columns, only words above numbers are a header."""
    rows = [[user, item, str(n)] for n, user in enumerate(ids[:3]) for item in ids[3:]]
    text = ends.join("\t".join(row) for row in [*([["user_id", "item", "rating"]] if header else []), *rows])
    (tmp_path / "r.tsv").write_text(text, newline="")
    raw = read_files(tmp_path / "r.tsv", None, user=0, item=1, rating=2, positive_at=0)
    assert sorted(zip(raw.interactions["user"], raw.interactions["item"], strict=True)) == sorted(
        (user, item) for user, item, _ in rows
    )


@FEW
@given(
    rows=st.lists(st.tuples(st.text("ab", min_size=1, max_size=3), st.sampled_from("rs"), st.text("cd", min_size=1))),
    order=st.permutations(["head", "relation", "tail"]),
    names=st.sampled_from(
        [("head", "relation", "tail"), ("Subject", "predicate", "OBJECT"), (":START_ID", ":TYPE", ":END_ID")]
    ),
)
def test_triples_in_any_order_under_known_names(
    tmp_path: Path, rows: list[tuple[str, str, str]], order: list[str], names: tuple[str, str, str]
) -> None:
    rows = [*rows, ("i", "r", "x")]
    called = dict(zip(("head", "relation", "tail"), names, strict=True))
    frame = pd.DataFrame(rows, columns=["head", "relation", "tail"])[order].rename(columns=called)
    frame.to_csv(tmp_path / "t.csv", index=False)
    raw = read_files(pd.DataFrame({"user": ["u"], "item": ["i"]}), tmp_path / "t.csv")
    assert set(raw.triples.itertuples(index=False, name=None)) == set(rows)


@pytest.mark.parametrize("size", [10, 300])
def test_long_ids(tmp_path: Path, size: int) -> None:
    ids = [letter * size for letter in ("x", "\u00e9", "\U0001f3ac")]
    pd.DataFrame({"user": ids, "item": ids}).to_csv(tmp_path / "r.csv", index=False)
    assert read_files(tmp_path / "r.csv", None).interactions["item"].tolist() == ids
