"""One and the same data in every format that own files may have."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars
import pytest

from tests.datasets.files import write
from tfkgrec.config import build_config
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.load import load_raw
from tfkgrec.datasets.own_files.read import read_files
from tfkgrec.datasets.own_files.settings import TripleColumns
from tfkgrec.datasets.own_files.sources import How, Source
from tfkgrec.errors import InputError
from tfkgrec.protocols.ctr.split import split_ctr

ROWS = pd.DataFrame({"user": ["ann", "ann", "bob"], "item": ["007", "2", "2"], "stars": [5, 2, 4.5]})
PAIRS = {("ann", "007", True), ("ann", "2", False), ("bob", "2", True)}
FACTS = pd.DataFrame({"head": ["007", "2"], "relation": "genre", "tail": ["noir", "drama"]})
COLUMNS = {"user": "user", "item": "item", "rating": "stars", "positive_at": 4}


def json_lines(folder: Path) -> Path:
    return write(folder / "r.jsonl", "\n".join(json.dumps(row) for row in ROWS.to_dict("records")))


def json_list(folder: Path) -> Path:
    return write(folder / "r.json", json.dumps(ROWS.to_dict("records"), indent=1))


def parquet_folder(folder: Path) -> Path:
    """As Spark leaves it, by item."""
    write(folder / "r.parquet/_SUCCESS", "")
    for item, rows in ROWS.groupby("item"):
        (folder / f"r.parquet/item={item}").mkdir(parents=True)
        rows.drop(columns="item").to_parquet(folder / f"r.parquet/item={item}/part-0.snappy.parquet")
    return folder / "r.parquet"


def csv_folder(folder: Path) -> Path:
    for n, row in enumerate(ROWS.to_csv(index=False).splitlines()[1:]):
        write(folder / f"r.csv/part-{n}.csv", f"user,item,stars\n{row}\n")
    write(folder / "r.csv/.part-0.csv.crc", "?")
    return folder / "r.csv"


def pattern(folder: Path) -> Path:
    return csv_folder(folder) / "part-*.csv"


FORMATS: list[Callable[[Path], Source]] = [
    json_lines,
    json_list,
    parquet_folder,
    csv_folder,
    pattern,
    lambda folder: polars.from_pandas(ROWS),
    lambda folder: ROWS.astype({"user": "category"}),
    lambda folder: write(folder / "r.csv", "# from the shop\n# on Monday\n" + ROWS.to_csv(index=False)),
    lambda folder: write(folder / "r.csv", "sep=;\n" + ROWS.to_csv(index=False, sep=";")),
    lambda folder: write(folder / "r.csv", ("# from the shop\n" + ROWS.to_csv(index=False)).replace("\n", "\r")),
    lambda folder: write(folder / "r.csv", ROWS.to_csv(index=False), "utf-16"),
    lambda folder: write(folder / "r", ROWS.to_csv(index=False).replace(",", "|")),
    lambda folder: write(
        folder / "r.inter",
        "user:token\titem:token\tstars:float\n"
        + ROWS.to_csv(sep="\t").split("\n", 1)[1].replace("0\t", "", 1).replace("\n1\t", "\n").replace("\n2\t", "\n"),
    ),
]


@pytest.mark.parametrize("made", FORMATS)
def test_interactions(tmp_path: Path, made: Callable[[Path], Source]) -> None:
    raw = read_files(made(tmp_path), FACTS, **COLUMNS)
    assert set(raw.interactions.itertuples(index=False, name=None)) == PAIRS
    assert all("# above the table" in line for line in raw.report) and len(raw.sources) == 2


@pytest.mark.parametrize("name", ["u.data", "r.dat", "r.csv", "r.txt"])
@pytest.mark.parametrize("header", ["", "user,item,stars\n"])
def test_columns_by_place(tmp_path: Path, name: str, header: str) -> None:
    """The first row is kept, and a header is no row."""
    text = (header + ROWS.to_csv(index=False, header=False)).replace(",", "::" if name == "r.dat" else "\t")
    raw = read_files(write(tmp_path / name, text), FACTS, user=0, item=1, rating=2, positive_at=4)
    assert set(raw.interactions.itertuples(index=False, name=None)) == PAIRS
    with pytest.raises(InputError, match=r"r: expected a column 7, from 0 \(data.columns.item\), found 3 columns"):
        read_files(write(tmp_path / "r", text), FACTS, user=0, item=7)


NT = "<http://x/{}> <http://x/genre> {} .\n"


@pytest.mark.parametrize(
    "name, text",
    [
        ("t.txt", "2\n1 noir genre\n2 drama genre\n"),  # OpenKE's count, and its order
        ("t.tsv", "0\t1\t2\n1\tgenre\tnoir\n2\tgenre\tdrama\n"),  # pandas, without names
        ("t.tsv", "\t0\t1\t2\n0\t1\tgenre\tnoir\n1\t2\tgenre\tdrama\n"),  # and with its index
        ("t.csv", "Film,Eigenschaft,Wert\n1,genre,noir\n2,genre,drama\n"),
        ("t.txt", "id:1|genre:noir\nid:2|genre:drama\n"),  # RKGE
        ("t.nt", NT.format(1, '"noir"') + NT.format(2, '"drama"@en')),
        ("t.ttl", '@prefix x: <http://x/> .\nx:1 x:genre "noir" .\nx:2 x:genre "drama" .\n_:b x:genre "war" .\n'),
        ("t.tsv", NT.format(1, '"noir"') + NT.format(2, '"drama"')),  # by looking
    ],
)
def test_triples(tmp_path: Path, name: str, text: str) -> None:
    rdf = "http" in text
    ids = ["http://x/1", "http://x/2"] if rdf else ["1", "2"]
    raw = read_files(pd.DataFrame({"user": "ann", "item": ids}), write(tmp_path / name, text))
    found = {(head, tail.removeprefix("genre:")) for head, _, tail in raw.triples.itertuples(index=False, name=None)}
    wanted = {(ids[0], "noir"), (ids[1], "drama")}
    assert (
        found == wanted
        if "Film" not in text
        else wanted < found and any("is like no other" in line for line in raw.report)
    )
    assert any("1 triples of nodes without a name" in line for line in raw.report) == ("_:b" in text)


def test_triples_in_an_order_that_only_a_key_tells(tmp_path: Path) -> None:
    rows = "".join(f"{n % 9}\t{n}\tgenre{n % 2}\n" for n in range(40))
    path, pairs = write(tmp_path / "t.tsv", rows), pd.DataFrame({"user": "ann", "item": ["1", "2"]})
    assert any("data.triple_columns tells which is which" in line for line in read_files(pairs, path).report)
    raw = read_files(pairs, path, triple_columns=TripleColumns(0, 2, 1))
    assert set(raw.triples["relation"]) == {"genre0", "genre1"} and not raw.report
    whole = write(tmp_path / "w.tsv", "0\t1\t2\n1\t1\t5\n")
    with pytest.raises(InputError, match=r"w.tsv:1: expected a header or the first row, .*; data.triple_columns tells"):
        read_files(pairs, whole)
    assert len(read_files(pairs, whole, triple_columns=TripleColumns(0, 1, 2)).triples) == 2


def test_a_user_and_their_items_on_a_line(tmp_path: Path) -> None:
    raw = read_files(write(tmp_path / "train.txt", "0 7 2\n1 2\n\n2 2 7 9\n"), FACTS.replace("007", "7"))
    assert list(raw.interactions.itertuples(index=False, name=None)) == [
        *(("0", "7", True), ("0", "2", True), ("1", "2", True)),
        *(("2", "2", True), ("2", "7", True), ("2", "9", True)),
    ]


def test_a_query(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        ROWS.to_sql("sales", database, index=False)
        FACTS.to_sql("facts", database, index=False)
    data = {
        **{"dataset": "files", "database": f"sqlite:///{tmp_path}/shop.db", "positive_at": 4},
        "columns": {"rating": "stars"},
        "queries": {"interactions": "select * from sales", "triples": "select head, relation, tail from facts"},
    }
    raw = load_raw(build_config({"model": {"name": "mf"}, "data": data}).data, 0)
    assert set(raw.interactions.itertuples(index=False, name=None)) == PAIRS
    for change, message in (
        (
            {"queries": {**data["queries"], "triples": "select"}},
            "data.queries.triples: expected a query that the datab",
        ),
        ({"database": "sqlite:///none.db"}, "data.database: expected a database that answers, found: no file none.db"),
    ):
        with pytest.raises(InputError, match=message):
            load_raw(build_config({"model": {"name": "mf"}, "data": {**data, **change}}).data, 0)


@pytest.mark.parametrize(
    "times, wanted, per_second",
    [
        (["1600000000", "1600000001"], [1600000000, 1600000001], 1),
        (["1600000000.25", "1600000001"], [1600000000250000, 1600000001000000], 1_000_000),
        (["1600000000000", "1600000000001"], [1600000000000000, 1600000000001000], 1_000_000),
        (["1600000000000001", "1600000000000002"], [1600000000000001, 1600000000000002], 1_000_000),
        (["2020-09-13", "2020-09-13T12:26:40Z"], [1599955200, 1600000000], 1),
        (["2020-09-13 12:26:40.000001", "2020-09-13T14:26:40+02:00"], [1600000000000001, 1600000000000000], 1_000_000),
    ],
)
def test_times(tmp_path: Path, times: list[str], wanted: list[int], per_second: int) -> None:
    rows = write(tmp_path / "r.csv", f"user,item,at\nann,2,{times[0]}\nbob,2,{times[1]}\n")
    raw = read_files(rows, FACTS, timestamp="at")
    assert raw.interactions["timestamp"].tolist() == wanted and raw.times_per_second == per_second


def test_names(tmp_path: Path) -> None:
    """Two editions of one film are called alike; the entity's name is that of items without one of their own."""
    links = pd.DataFrame({"item": ["1", "2", "3"], "entity": ["Q1", "Q1", "Q2"]})
    graph = pd.DataFrame({"head": ["Q1", "Q2"], "relation": "genre", "tail": "noir"})
    raw = read_files(
        pd.DataFrame({"user": "ann", "item": ["1", "2", "3"]}),
        graph,
        links,
        item_names=write(tmp_path / "n.csv", "movieId,title\n1,Alien\n2,Alien\n9,Unknown\n"),
        entity_names=write(tmp_path / "e.tsv", "Q2\tHeat\nnoir\tfilm noir\n"),
        user_names=write(tmp_path / "u.csv", "user,name\nann,Ann Smith\n"),
    )
    assert raw.user_names == {"ann": "Ann Smith"}
    own = dict(raw.item_links.itertuples(index=False, name=None))
    names = {item: raw.entity_names[own[item]] for item in ("1", "2", "3")}
    assert names == {"1": "Alien", "2": "Alien", "3": "Heat"} and raw.entity_names["noir"] == "film noir"


def test_few_bad_rows_are_set_aside_and_many_refuse(tmp_path: Path) -> None:
    good = "".join(f"u{n},{n % 7},{n % 5}\n" for n in range(2000))
    path = write(tmp_path / "r.csv", f"user,item,stars\n{good}u,1\n,2,3\nu,2,many\n")
    raw = read_files(path, FACTS, rating="stars", positive_at=1, max_bad_rows=0.002)
    assert [(row.place, row.text) for row in raw.bad] == [
        (f"{path}:2002", "u,1"),
        (f"{path}:2003", ",2,3"),
        (f"{path}:2004", "u,2,many"),
    ]
    assert raw.report[0].startswith(f"left out: 3 of 2,003 rows that cannot be read; the first is {path}:2002: ")
    with pytest.raises(InputError, match=r"r.csv:2002: .* \(3 of 2,003 rows cannot be read; data.max_bad_rows is 0\)"):
        read_files(path, FACTS, rating="stars", positive_at=1, how=How(separator=","))


def test_weights(tmp_path: Path) -> None:
    rows = write(tmp_path / "r.csv", "user,item,n\nann,007,1\nann,2,3.5\nbob,2,0\n")
    raw = read_files(rows, FACTS, weight="n", max_bad_rows=0.5)
    assert raw.interactions["weight"].tolist() == [1, 3.5]
    assert raw.bad[0].problem == "expected a number above 0 in column 'n', found '0'"
    assert assemble(raw, 0).interactions.weight.sum() == 4.5
    data = {"dataset": "files", "interactions": str(rows), "columns": {"weight": "n"}, "protocol": "top_n"}
    with pytest.raises(InputError, match="data.columns.weight: expected only with data.protocol ctr, found"):
        load_raw(build_config({"model": {"name": "mf"}, "data": data}).data, 0)


def test_a_file_of_its_own_to_test_on(tmp_path: Path) -> None:
    """All its positives are the test part, with as many negatives, and nothing of it is in training."""
    rng = np.random.default_rng(0)
    pairs = [(f"u{user}", f"i{item}") for user in range(40) for item in rng.choice(60, 12, False)]
    known, asked = pairs[::2], pairs[1::2]
    frames = [pd.DataFrame(rows, columns=["user", "item"]) for rows in (known, [*asked, *known[:3]])]
    raw = read_files(frames[0], None, test_interactions=frames[1])
    assert raw.report[0] == ("left out: 3 pairs of interactions (data frame) that interactions (data frame) has")
    dataset = assemble(raw, 0)
    splits = split_ctr(dataset, 0)
    raw_pairs = {
        part: set(zip(dataset.users.decode(own.user), dataset.items.decode(own.item), strict=True))
        for part in ("train", "validation", "test")
        for own in (getattr(splits, part).positives,)
    }
    assert raw_pairs["test"] == set(asked)
    assert raw_pairs["train"] | raw_pairs["validation"] == set(known)
    for user in range(1, dataset.users.size):
        labels = splits.test.label[splits.test.user == user]
        assert labels.sum() == len(labels) / 2
    assert 0.65 < len(splits.train) / (len(splits.train) + len(splits.validation)) < 0.85
    queries = {"database": "sqlite:///x.db", "queries": {"test_interactions": "select 1"}}
    for own in ({"test_interactions": "t.csv"}, queries):
        data = {"dataset": "files", "interactions": "r.csv", "protocol": "top_n", **own}
        with pytest.raises(InputError, match="data.test_interactions: expected only with data.protocol ctr, found"):
            load_raw(build_config({"model": {"name": "mf"}, "data": data}).data, 0)
