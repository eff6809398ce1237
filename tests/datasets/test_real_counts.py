"""The public files give the counts of the data README, of the papers' Table 1, and of the readers' docstrings."""

import re
from functools import cache

import pytest

from tests.real_data import needs_real_data
from tfkgrec.config import DataConfig
from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset, RawData
from tfkgrec.datasets.book_crossing.read import read_book_crossing
from tfkgrec.datasets.lastfm.read import read_lastfm
from tfkgrec.datasets.load import load_raw
from tfkgrec.datasets.movielens_1m.read import read_movielens_1m
from tfkgrec.datasets.movielens_100k.read import read_movielens_100k
from tfkgrec.datasets.movielens_100k_imdb.read import read_rkge

pytestmark = needs_real_data

VERSIONS = [
    ("lastfm", None),
    ("book-crossing", "ripplenet"),
    ("book-crossing", "mkr"),
    ("ml-1m", "satori-mkr"),
    ("ml-1m", "freebase"),
    ("ml-1m", "dbpedia"),
    ("ml-1m", "imdb"),
    ("ml-100k", None),
    ("ml-100k-rkge", None),
]


READERS = {
    "lastfm": read_lastfm,
    "book-crossing": read_book_crossing,
    "ml-1m": read_movielens_1m,
    "ml-100k": read_movielens_100k,
    "ml-100k-rkge": read_rkge,
}


@cache
def read(name: str, graph: str | None = None) -> tuple[RawData, Dataset]:
    raw = load_raw(DataConfig(dataset=name, knowledge_graph=graph), seed=0)
    return raw, assemble(raw, seed=0)


def documented(docstring: str, column: str | None) -> dict[str, int]:
    """The STATS table of a docstring: count name -> count."""
    header, *rows = re.search(r"STATS(.*?)(\n\n|\s*$)", docstring, re.S)[1].splitlines()
    place = header.split().index(column) if column else 0
    return {name: int(counts[place].replace(",", "")) for name, *counts in map(str.split, rows)}


@pytest.mark.parametrize("name, graph", VERSIONS)
def test_docstring(name: str, graph: str | None) -> None:
    assert documented(READERS[name].__doc__, graph) == read(name, graph)[1].stats()


@pytest.mark.parametrize(
    "name, graph, users, items, pairs, triples",
    [
        ("ml-1m", "satori-mkr", 6_036, 2_347, 753_772, 20_195),
        ("lastfm", None, 1_872, 3_846, 42_346, 15_518),
        ("book-crossing", "mkr", 17_860, 14_910, 139_746, 19_793),
    ],
)
def test_dink_table_1(name: str, graph: str | None, users: int, items: int, pairs: int, triples: int) -> None:
    stats = read(name, graph)[1].stats()
    # MKR's preprocessing skips the first line of every rating file, also of ML-1M's, which has no header: one positive
    # and its negative are missing in the paper.
    skipped = 2 if name == "ml-1m" else 0
    found = stats["users"], stats["items"], stats["labelled_pairs"], stats["triples_with_an_item_head"]
    assert found == (users, items, pairs + skipped, triples)


def test_ekpnet_table_1_book_crossing() -> None:
    """All but the triples: the public graph has 151,500, the paper 198,771."""
    stats = read("book-crossing", "ripplenet")[1].stats()
    assert (stats["users"], stats["labelled_pairs"]) == (17_860, 139_746)
    assert (stats["items"], stats["entities"], stats["relations"]) == (14_967, 77_903, 25)


@pytest.mark.parametrize(
    "name, graph, rows",
    [
        ("lastfm", None, 21_173),
        ("ml-1m", "freebase", 938_929),
        ("ml-1m", "dbpedia", 932_293),
        ("ml-1m", "imdb", 1_000_209),
        ("ml-100k", None, 97_554),
        ("ml-100k-rkge", None, 99_975),
    ],
)
def test_readme_interactions_of_linked_items(name: str, graph: str | None, rows: int) -> None:
    assert len(read(name, graph)[0].interactions) == rows


def test_readme_book_crossing_items_that_occur() -> None:
    """14,966 with the sampled negatives; the rest of the 14,967 has neither."""
    assert read("book-crossing", "ripplenet")[1].stats()["items_with_a_positive"] == 14_910


def test_readme_graphs() -> None:
    assert len(read("ml-1m", "satori-mkr")[0].triples) == 20_782
    raw, dataset = read("ml-1m", "dbpedia")
    assert len(raw.triples) == 193_089
    assert "left out: 12,432 repeats of a triple" in raw.report
    used = set(raw.triples["head"]) | set(raw.triples["tail"])
    assert len(used) == 13_754
    assert dataset.stats()["entities"] == 13_760  # six films without a triple are entities too


def test_readme_films_with_credits() -> None:
    """The data README's films; RKGE's own numbering has a 26th genre, "N/A", and takes 1,674 of the 1,675 films."""
    raw, dataset = read("ml-1m", "imdb")
    assert raw.triples["head"].nunique() == 3_703  # and one has an entry without names
    assert dataset.stats()["items"] == 3_706 == raw.interactions["item"].nunique()
    george = raw.triples[raw.triples["tail"] == "person:George Lucas"]
    assert set(zip(george["head"], george["relation"], strict=True)) >= {("260", "director"), ("2628", "director")}
    raw, dataset = read("ml-100k-rkge")
    assert (dataset.stats()["items"], raw.triples["head"].nunique()) == (1_675, 1_675)
    assert raw.triples.groupby("relation")["tail"].nunique()["genre"] == 25


def test_timestamps_and_names() -> None:
    raw, dataset = read("ml-1m", "satori-mkr")
    assert raw.interactions["timestamp"].between(956_703_932, 1_046_454_590).all()  # 2000-04-25 .. 2003-02-28
    assert dataset.timed
    assert not read("lastfm")[1].timed
    assert dataset.item_names[dataset.items.encode(["260"])[0]] == "Star Wars: Episode IV - A New Hope (1977)"
    films = read("ml-1m", "dbpedia")[1]
    assert "Rupert Everett" in films.entity_names
    assert "starred by actor" in films.relation_names
