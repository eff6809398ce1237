"""One's own files: every kind of source, headers, links, thresholds, and what is refused."""

import bz2
import csv
import dataclasses
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.files import write
from tfkgrec.config import DataConfig
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.load import load_raw
from tfkgrec.datasets.own_files.item_entities import link_items
from tfkgrec.datasets.own_files.read import read_files
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings, ItemTable
from tfkgrec.datasets.own_files.sources import READ, How
from tfkgrec.errors import InputError

RATINGS = "userId,movieId,stars,when\nann,1,5,300\nann,2,2,200\nbob,2,4,100\n"
TRIPLES = "1\tgenre\tnoir\n2\tgenre\tdrama\n"
COLUMNS = {"user": "userId", "item": "movieId", "rating": "stars", "timestamp": "when"}
ONE, ONLY = (
    f"({count}; data.max_bad_rows is 0)" for count in ("1 of 2 rows cannot be read", "the only row cannot be read")
)
PAIRS = [("ann", "1", True, 300), ("ann", "2", False, 200), ("bob", "2", True, 100)]


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("__MACOSX/._r.csv", "what macOS adds")
        archive.writestr("r.csv", content)
    return out.getvalue()


def pairs(raw) -> list[tuple]:
    return list(raw.interactions.itertuples(index=False, name=None))


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    return write(tmp_path / "ratings.csv", RATINGS)


@pytest.fixture
def triples(tmp_path: Path) -> Path:
    return write(tmp_path / "triples.tsv", TRIPLES)


def test_csv_and_tsv(ratings: Path, triples: Path) -> None:
    raw = read_files(ratings, triples, **COLUMNS, positive_at=4)
    assert pairs(raw) == PAIRS
    assert raw.triples.to_dict("list") == {"head": ["1", "2"], "relation": ["genre"] * 2, "tail": ["noir", "drama"]}
    assert raw.item_links.to_dict("list") == {"item": ["1", "2"], "entity": ["1", "2"]}
    assert assemble(raw, seed=0).stats()["positives"] == 2


def test_without_a_threshold_every_row_is_a_positive(ratings: Path, triples: Path) -> None:
    raw = read_files(ratings, triples, user="userId", item="movieId")
    assert pairs(raw) == [("ann", "1", True), ("ann", "2", True), ("bob", "2", True)]


@pytest.mark.parametrize("kind", ["csv", "tsv", "csv.gz", "tsv.gz", "parquet", "frame"])
def test_every_source_gives_the_same(tmp_path: Path, triples: Path, kind: str) -> None:
    frame = pd.read_csv(write(tmp_path / "plain.csv", RATINGS))
    path = tmp_path / f"ratings.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind != "frame":
        frame.to_csv(path, index=False, sep="," if "csv" in kind else "\t")
    assert pairs(read_files(frame if kind == "frame" else path, triples, **COLUMNS, positive_at=4)) == PAIRS


def test_frames_with_missing_values_and_times(triples: Path) -> None:
    frame = pd.DataFrame(
        {"user": [1.0, 2.0], "item": [1, 2], "at": pd.to_datetime(["1970-01-01T00:00:07", "1970-01-02T00:00:00"])}
    )
    assert pairs(read_files(frame, triples, timestamp="at")) == [("1", "1", True, 7), ("2", "2", True, 86400)]
    frame["user"] = [1.0, None]
    with pytest.raises(
        InputError, match=r"interactions \(data frame\):2: expected a value in column 'user', found nothing"
    ):
        read_files(frame, triples)


def test_half_a_letter_is_refused(triples: Path) -> None:
    """No file, and no request, can hold it."""
    with pytest.raises(
        InputError, match=r"interactions \(data frame\): expected text .* UTF-8 can hold, found 'x\\ud83d'"
    ):
        read_files(pd.DataFrame({"user": ["x\ud83d"], "item": ["1"]}, dtype=object), triples)


@pytest.mark.parametrize(
    "header",
    ["head\trelation\ttail\n", "head_id:token\trelation_id:token\ttail_id:token\n", "Subject\tpredicate\tObject\n", ""],
)
def test_triples_with_and_without_a_header(ratings: Path, tmp_path: Path, header: str) -> None:
    raw = read_files(ratings, write(tmp_path / "t.tsv", header + TRIPLES), user="userId", item="movieId")
    assert raw.triples["head"].tolist() == ["1", "2"]


def test_triples_in_another_order_and_from_a_frame(ratings: Path, tmp_path: Path) -> None:
    text = "note\ttail\thead\trelation\n-\tnoir\t1\tgenre\n-\tdrama\t2\tgenre\n"
    frame = pd.DataFrame({"film": [1, 2], "property": "genre", "value": ["noir", "drama"]})
    for source in (write(tmp_path / "t.tsv", text), frame):
        raw = read_files(ratings, source, user="userId", item="movieId")
        assert list(raw.triples.itertuples(index=False, name=None)) == [("1", "genre", "noir"), ("2", "genre", "drama")]


@pytest.mark.parametrize("header", ["item,entity\n", "movieId,entity_id\n", "movieId,wikidata\n", ""])
def test_item_links(ratings: Path, tmp_path: Path, header: str) -> None:
    links = write(tmp_path / "links.csv", header + "1,Q1\n2,Q2\n3,Q3\n")
    graph = write(tmp_path / "t.csv", "Q1,genre,noir\nQ2,genre,drama\n")
    raw = read_files(ratings, graph, links, user="userId", item="movieId")
    assert raw.item_links.to_dict("list") == {"item": ["1", "2", "3"], "entity": ["Q1", "Q2", "Q3"]}


@pytest.mark.parametrize(
    "header",
    [":START_ID,:END_ID,:TYPE", "start,end,type", "from,to,rel", "source,target,weight_label", "tail,x,head"]
    + ["head_entity,tail_entity,relation_type", "item,value,property", "node1,node2,label", "Subject,Object,Predicate"],
)
def test_triples_by_the_names_that_others_use(ratings: Path, tmp_path: Path, header: str) -> None:
    order = {"tail,x,head": [2, 1, 0]}.get(header, [0, 2, 1])
    rows = [("1", "genre", "noir"), ("2", "genre", "drama")]
    text = "\n".join([header, *(",".join(row[place] for place in order) for row in rows)])
    raw = read_files(ratings, write(tmp_path / "t.csv", text), user="userId", item="movieId")
    assert list(raw.triples.itertuples(index=False, name=None)) == rows


PACKS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zip": zipped}


@pytest.mark.parametrize("packing", PACKS)
@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
@pytest.mark.parametrize("name", ["r.csv", "R.TSV", "r.txt"])
def test_whatever_separates_and_packs_a_table_it_comes_back(
    tmp_path: Path, triples: Path, name: str, separator: str, packing: str
) -> None:
    """Ids of letters that every separator, quotes and blanks are among; the suffix says nothing of the separator."""
    rng = np.random.default_rng(len(name + separator + packing))
    letters = np.array(list('ab7,;|\t" \u00e9\u2028'))
    users = [f"x{''.join(rng.choice(letters, 5))}y" for _ in range(30)]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([("user", "item", "other"), *((user, 1 + n % 2, "z") for n, user in enumerate(users))])
    path = tmp_path / (name + packing.upper())
    path.write_bytes(PACKS[packing](out.getvalue().encode()))
    raw = read_files(path, triples)
    assert sorted(raw.interactions["user"]) == sorted(users)


def test_blanks_quotes_and_encodings(tmp_path: Path, triples: Path) -> None:
    spaced = write(tmp_path / "spaced.csv", "user, item\na, 1\n b ,2\n")
    raw = read_files(spaced, triples)
    assert pairs(raw) == [("a", "1", True), ("b", "2", True)]
    assert raw.report == (f"{spaced}: blanks around fields were left out",)
    latin = tmp_path / "latin.csv"
    latin.write_bytes("user;item\nJos\u00e9;1\nb;2\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin.csv:2: expected utf-8 text, found byte 0xe9 \(data.encoding\)"):
        read_files(latin, triples)
    raw = read_files(latin, triples, how=How("latin-1"))
    assert pairs(raw)[0][0] == "Jos\u00e9" and raw.sources[0] == f"{latin}: text separated by ';', a header, 2 rows"
    with pytest.raises(InputError, match="data.encoding: expected the name of an encoding, found 'latin-zero'"):
        read_files(latin, triples, how=How("latin-zero"))


def test_item_without_an_entity(ratings: Path, triples: Path, tmp_path: Path) -> None:
    columns = {"user": "userId", "item": "movieId"}
    links = write(tmp_path / "links.csv", "2,2\n")
    only_two = write(tmp_path / "two.tsv", "2\tgenre\tdrama\n")
    for graph, item_links, source in ((triples, links, links), (only_two, None, only_two)):
        with pytest.raises(InputError) as caught:
            read_files(ratings, graph, item_links, **columns, unlinked_items="refuse")
        assert str(caught.value) == (
            f"{ratings}:2: expected an item with an entity in {source}, found '1'"
            " (1 such items; data.unlinked_items: keep takes them without facts)"
        )
        raw = read_files(ratings, graph, item_links, **columns, unlinked_items="drop")
        assert pairs(raw) == [("ann", "2", True), ("bob", "2", True)]
        assert raw.report == ("left out: 1 interactions with 1 items without an entity",)
        raw = read_files(ratings, graph, item_links, **columns)
        assert pairs(raw) == [("ann", "1", True), ("ann", "2", True), ("bob", "2", True)]
        assert sorted(raw.item_links["item"]) == ["1", "2"]


# a: low, high, high; b: low, high, low at two moments; c: high and low at one moment
REPEATED = ["a,1,1,10", "a,1,5,20", "a,1,4,30", "b,2,2,40", "b,2,5,40", "b,2,1,50", "c,1,5,60", "c,1,2,60"]


@pytest.mark.parametrize(
    ("settings", "timed", "expected", "told"),
    [
        ({}, True, [("a", "1", True, 30), ("b", "2", False, 50), ("c", "1", True, 60)], "; the newest counts"),
        (
            {"repeats": "first"},
            True,
            [("a", "1", False, 10), ("b", "2", True, 40), ("c", "1", True, 60)],
            "; the oldest",
        ),
        (
            {"repeats": "max"},
            True,
            [("a", "1", True, 30), ("b", "2", True, 40), ("c", "1", True, 60)],
            "; a positive one",
        ),
        ({}, False, [("a", "1", True), ("b", "2", True), ("c", "1", True)], "; without times a positive one counts"),
        (
            {"repeats": "all"},
            True,
            [("a", "1", True, 30, 2.0), ("b", "2", True, 40, 1.0), ("c", "1", True, 60, 1.0)],
            "; a pair weighs what its rows do together",
        ),
    ],
)
def test_of_repeats_one_row_counts_whatever_their_order(tmp_path, settings, timed, expected, told):
    columns = {"rating": "rating", **({"timestamp": "time"} if timed else {})}
    for rows in (REPEATED, REPEATED[::-1], REPEATED[3:] + REPEATED[:3]):
        text = "\n".join(["user,item,rating,time", *rows, ""])
        data = DataConfig(
            "files",
            source=FilesSettings(
                write(tmp_path / "r.csv", text),
                columns=ColumnsConfig(**columns),
                positive_at=4,
                triples=write(tmp_path / "t.tsv", TRIPLES + TRIPLES),
                **settings,
            ),
        )
        raw = load_raw(data, 0)
        assert sorted(pairs(raw)) == expected
        (repeated, triples) = raw.report
        assert repeated.startswith(f"left out: 5 repeats of a (user, item) pair{told}")
        assert triples == "left out: 2 repeats of a triple"
        before = load_raw(dataclasses.replace(data, split_version=1), 0)
    if settings == {"repeats": "all"}:
        with pytest.raises(InputError, match="^data.repeats: all: expected only with data.protocol ctr, found data.p"):
            load_raw(dataclasses.replace(data, protocol="top_n", split=None), 0)
    if timed and not settings:  # as it was: the first positive one in the file, else its first
        assert pairs(before) == [("b", "2", True, 40), ("c", "1", True, 60), ("a", "1", True, 20)]
        assert before.report[0] == "left out: 5 repeats of a (user, item) pair"


@pytest.mark.parametrize(
    "rows, options, message",
    [
        (
            "user,item\na,1\n",
            {"user": "userId"},
            "r.csv: expected a column 'userId' (data.columns.user), found user, item"
            " (its first line: 'user,item', separated by ',')",
        ),
        (
            "user,item\na,1\n",
            {"timestamp": "at"},
            "r.csv: expected a column 'at' (data.columns.timestamp), found user, item"
            " (its first line: 'user,item', separated by ',')",
        ),
        (
            "user,item,at\na,1,noon\n",
            {"timestamp": "at"},
            f"r.csv:2: expected an ISO date in column 'at', found 'noon' {ONLY}",
        ),
        (
            "user,item,x\na,1,5\nb,1,\n",
            {"rating": "x", "positive_at": 4},
            f"r.csv:3: expected a value in column 'x', found nothing {ONE}",
        ),
        ("user,item\na,1\n,1\n", {}, f"r.csv:3: expected a value in column 'user', found nothing {ONE}"),
        ("user,item\na,1\nb\n", {}, f"r.csv:3: expected 2 fields as in the header, found 1 {ONE}"),
        ("user,item\n", {}, "r.csv: expected rows below the header, found none"),
        ("", {}, "r.csv: expected rows of text, found an empty file"),
    ],
)
def test_interactions_refused(tmp_path: Path, triples: Path, rows: str, options: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_files(write(tmp_path / "r.csv", rows), triples, **options)
    assert str(caught.value) == f"{tmp_path}/{message}"


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("t.tsv", "1\tgenre\tnoir\n2\tgenre\n", f"t.tsv:2: expected 3 fields (head, relation, tail), found 2 {ONE}"),
        ("t.tsv", "1\tgenre\n", f"t.tsv:1: expected 3 fields (head, relation, tail), found 2 {ONLY}"),
        ("t.tsv", "head\trelation\n1\tgenre\n", "t.tsv: expected columns head, relation, tail, found head, relation"),
        ("t.tsv", "1\tgenre\t\n", f"t.tsv:1: expected a value in column 'tail', found nothing {ONLY}"),
        ("t.tsv", "", "t.tsv: expected rows of text, found an empty file"),
        ("t.json", "{}", "t.json: expected objects of JSON, one on every line, found none"),
        ("t.jsonl", "{\n", "t.jsonl: expected objects of JSON, one on every line, found none"),
        (
            "t.xlsx",
            "?",
            f"t.xlsx: expected {READ}, found a workbook: save its sheet as CSV",
        ),
    ],
)
def test_triples_refused(tmp_path: Path, ratings: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_files(ratings, write(tmp_path / name, text), user="userId", item="movieId")
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_graph_that_touches_no_item(tmp_path: Path, ratings: Path) -> None:
    graph = write(tmp_path / "t.tsv", "x\tgenre\tnoir\n")
    columns = {"user": "userId", "item": "movieId"}
    with pytest.raises(InputError, match="t.tsv: expected the entities of items with interactions, found none"):
        read_files(ratings, graph, **columns, unlinked_items="drop")
    links = write(tmp_path / "links.csv", "1,Q1\n2,Q2\n")
    with pytest.raises(InputError, match="t.tsv: expected triples that touch an item, found none among 1"):
        read_files(ratings, graph, links, **columns)


SILENT = "items without a triple: 1 of 2; they are recommended without facts"
GRAPH = "Q1,genre,noir\nQ2,genre,war\nQ3,like,Q1\n"


@pytest.mark.parametrize(
    ("links", "wanted", "facts", "said"),
    [
        # two editions of one film: both have its facts
        (
            "1,Q1\n2,Q1\n",
            {"1": "1", "2": "2"},
            {("1", "genre", "noir"), ("2", "genre", "noir"), ("Q2", "genre", "war"), ("Q3", "like", "1")}
            | {("Q3", "like", "2")},
            "shared entities: 1; each of their 2 items has all their triples",
        ),
        # one film that is two entities has the facts of both; the other has none and takes nobody's name
        (
            "1,Q1\n1,Q2\n",
            {"1": "1", "2": "2"},
            {("1", "genre", "noir"), ("1", "genre", "war"), ("Q3", "like", "1")},
            "items with several entities: 1; they have the triples of all",
        ),
        ("1,Q1\n1,Q1\n2,Q2\n", {"1": "Q1", "2": "Q2"}, None, None),  # the same row twice
        ("1,Q1\n2,\n", {"1": "Q1", "2": "2"}, None, SILENT),
        ("1,Q1\n", {"1": "Q1", "2": "2"}, None, SILENT),
        (
            "1,Q1\n2,Q9\n",
            {"1": "Q1", "2": "Q9"},
            None,
            SILENT,
        ),
    ],
)
def test_links_of_every_kind(tmp_path: Path, ratings: Path, links: str, wanted: dict, facts, said) -> None:
    graph = write(tmp_path / "t.csv", GRAPH)
    raw = read_files(ratings, graph, write(tmp_path / "links.csv", links), user="userId", item="movieId")
    assert len(raw.interactions) == 3
    assert dict(raw.item_links.itertuples(index=False, name=None)) == wanted
    everything = set(pd.read_csv(graph, header=None).itertuples(index=False, name=None))
    assert set(raw.triples.itertuples(index=False, name=None)) == (everything if facts is None else facts)
    assert (said is None and not raw.report) or said in raw.report
    assert assemble(raw, seed=0).stats()["items"] == 2


def test_an_item_takes_no_name_that_an_entity_has(tmp_path: Path, ratings: Path) -> None:
    graph = write(tmp_path / "t.csv", "Q1,genre,2\n2,like,item:2\n")
    raw = read_files(ratings, graph, write(tmp_path / "links.csv", "1,Q1\n"), user="userId", item="movieId")
    assert dict(raw.item_links.itertuples(index=False, name=None)) == {"1": "Q1", "2": "item:item:2"}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_links_nothing_is_lost_and_every_fact_is_there(seed: int) -> None:
    rng = np.random.default_rng(seed)
    links = pd.DataFrame({"item": rng.integers(0, 12, 15).astype(str), "entity": rng.integers(0, 12, 15).astype(str)})
    triples = pd.DataFrame({"head": rng.integers(0, 15, 30), "relation": "r", "tail": rng.integers(0, 15, 30)}).astype(
        str
    )
    items = pd.Series(rng.integers(0, 16, 20).astype(str))
    found = link_items(items, links, triples)
    own = dict(found.links.itertuples(index=False, name=None))
    assert set(own) == set(items) | set(links["item"]) and len(set(own.values())) == len(own)
    # A fact of a linked entity is one of each of its items, whatever the names are now.
    places = {
        e: [own[i] for i in links["item"][links["entity"] == e]] for e in set(triples["head"]) | set(triples["tail"])
    }
    wanted = {(h, r, t) for a, r, b in triples.to_numpy() for h in places[a] or [a] for t in places[b] or [b]}
    assert set(found.triples.itertuples(index=False, name=None)) == wanted


TABLE = "movieId,title,genres,year\n1,Alien,horror|sci-fi,1979\n2,Heat,crime|,1995\n3,Big, ,1988\n"


def item_table(path: Path, **settings) -> ItemTable:
    return ItemTable(file=path, **{"item": "movieId", "columns": ("genres", "year"), "split": "|", **settings})


def test_an_item_table_alone(tmp_path: Path, ratings: Path) -> None:
    table = item_table(write(tmp_path / "items.csv", TABLE), name="title")
    raw = read_files(ratings, None, user="userId", item="movieId", item_table=table)
    assert sorted(raw.triples.itertuples(index=False, name=None)) == [
        ("1", "genres", "genres:horror"),
        ("1", "genres", "genres:sci-fi"),
        ("1", "year", "year:1979"),
        ("2", "genres", "genres:crime"),
        ("2", "year", "year:1995"),
    ]
    assert raw.report == (f"{table.file}: blanks around fields were left out",)
    assert raw.entity_names == {
        **{"genres:horror": "horror", "genres:sci-fi": "sci-fi", "genres:crime": "crime"},
        **{"year:1979": "1979", "year:1995": "1995", "year:1988": "1988", "1": "Alien", "2": "Heat"},
    }
    assert assemble(raw, seed=0).stats()["items"] == 2


def test_an_item_table_beside_triples_and_links(tmp_path: Path, ratings: Path) -> None:
    graph, links = write(tmp_path / "t.csv", GRAPH), write(tmp_path / "links.csv", "1,Q1\n")
    table = item_table(write(tmp_path / "items.csv", TABLE), columns=("year",), bins={"year": 2})
    raw = read_files(ratings, graph, links, user="userId", item="movieId", item_table=table, unlinked_items="refuse")
    added = set(raw.triples.itertuples(index=False, name=None)) - set(
        pd.read_csv(graph, header=None).itertuples(index=False, name=None)
    )
    assert added == {("Q1", "year", "year:1979 to 1988"), ("2", "year", "year:1995 to 1995")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"columns": ("genre",)},
            "items.csv: expected a column 'genre' (data.item_table.columns), found movieId",
        ),
        ({"item": "id"}, "items.csv: expected a column 'id' (data.item_table.item), found movieId, title"),
        (
            {"columns": ("title",), "bins": {"title": 2}},
            "items.csv:2: expected a number in column 'title', found",
        ),
    ],
)
def test_item_tables_refused(tmp_path: Path, ratings: Path, settings: dict, message: str) -> None:
    table = item_table(write(tmp_path / "items.csv", TABLE), **settings)
    with pytest.raises(InputError) as caught:
        read_files(ratings, None, user="userId", item="movieId", item_table=table)
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_missing_files(tmp_path: Path, ratings: Path, triples: Path) -> None:
    for name in ("r.csv", "r.csv.gz", "r.parquet"):
        with pytest.raises(InputError, match=f"{name}: expected this file, found none"):
            read_files(tmp_path / name, triples)


def test_damaged_parquet(tmp_path: Path, triples: Path) -> None:
    with pytest.raises(InputError, match="r.parquet: expected a Parquet file, found: ") as caught:
        read_files(write(tmp_path / "r.parquet", "not parquet at all"), triples)
    assert "\n" not in str(caught.value)
