"""The readers of the public formats on small hand-made files: what they keep, what they call it, what they refuse."""

from pathlib import Path

import pytest

from tests.datasets import files
from tests.datasets.files import write
from tfkgrec.data.records import RawData
from tfkgrec.datasets.book_crossing.read import read_book_crossing
from tfkgrec.datasets.lastfm.read import read_lastfm
from tfkgrec.datasets.movielens_1m.read import read_movielens_1m
from tfkgrec.datasets.movielens_100k.read import read_movielens_100k
from tfkgrec.datasets.movielens_100k_imdb.read import read_rkge
from tfkgrec.errors import InputError


def pairs(raw: RawData) -> list[tuple]:
    return list(raw.interactions.itertuples(index=False, name=None))


def triples(raw: RawData) -> list[tuple]:
    return list(raw.triples.itertuples(index=False, name=None))


def test_lastfm(tmp_path: Path) -> None:
    raw = read_lastfm(files.lastfm(tmp_path))
    assert pairs(raw) == [("2", "51", True), ("3", "52", True), ("3", "51", True)]
    assert triples(raw)[0] == ("0", "music.artist.origin", "2")
    assert raw.item_links.to_dict("list") == {"item": ["51", "52"], "entity": ["0", "1"]}
    assert raw.report == ("left out: 1 interactions with 1 items without an entity",)
    assert raw.relation_names == {"music.artist.origin": "origin", "film.actor.film": "film"}
    assert raw.entity_names == {"0": "artist 51", "1": "artist 52", "2": "origin 2", "3": "film 3"}


@pytest.mark.parametrize("version", ["mkr", "ripplenet"])
def test_book_crossing(tmp_path: Path, version: str) -> None:
    raw = read_book_crossing(files.book_crossing(tmp_path), version)
    assert pairs(raw) == [("7", "080442957X", True), ("8", "0002005018", True)]  # the sampled negative is gone
    assert raw.entity_names["1"] == "ISBN 080442957X"
    assert raw.entity_names["2"] == "author 2"


def test_book_crossing_without_relation_names(tmp_path: Path) -> None:
    files.book_crossing(tmp_path)
    assert read_book_crossing(tmp_path).relation_names == {"1": "author", "0": "relation 0"}
    (tmp_path / "ripplenet/relation_names_partial.tsv").unlink()
    assert read_book_crossing(tmp_path).relation_names == {"1": "relation 1", "0": "relation 0"}


@pytest.mark.parametrize(
    "graph, relations, tail",
    [
        ("satori-mkr", {"film.film.genre": "genre"}, {"2": "genre 2", "3": "genre 3"}),
        ("freebase", {"0": "edited by", "1": "belong to genre"}, {"2": "belong to genre 2", "3": "edited by 3"}),
        ("dbpedia", {"0": "directed by director"}, {"2": "Who's Who (film)"}),
    ],
)
def test_movielens_1m(tmp_path: Path, graph: str, relations: dict, tail: dict) -> None:
    raw = read_movielens_1m(files.movielens_1m(tmp_path), graph)
    assert pairs(raw) == [("1", "10", True, 100), ("1", "11", False, 90), ("2", "10", False, 70)]
    assert raw.relation_names == relations
    assert raw.entity_names == {"0": "Amélie (2001)", "1": "Heat (1995)"} | tail
    assert len(raw.triples) == 2  # dbpedia's repeated triple is left out
    assert ("left out: 1 repeats of a triple" in raw.report) == (graph == "dbpedia")


def test_movielens_1m_without_titles(tmp_path: Path) -> None:
    files.movielens_1m(tmp_path)
    (tmp_path / "movies.dat").unlink()
    assert read_movielens_1m(tmp_path).entity_names["0"] == "movie 10"


def test_movielens_100k(tmp_path: Path) -> None:
    raw = read_movielens_100k(files.movielens_100k(tmp_path))
    assert pairs(raw) == [("1", "10", True, 100), ("1", "11", False, 90)]
    assert raw.entity_names == {"m.0a": "Toy Story (1995)", "m.0b": "movie 11", "m.0c": "genre m.0c"}


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("kg.txt", "0\tr\t2\n1\tr\n", "kg.txt:2: expected 3 fields (head, relation, tail), found 2"),
        ("kg.txt", "0\tr\tx\n", "kg.txt:1: expected a whole number in column 'tail', found 'x'"),
        ("kg.txt", "0\t\t2\n", "kg.txt:1: expected a value in column 'relation', found nothing"),
        (
            "kg.txt",
            "7\tr\t8\n9\tr\t8\n",
            "kg.txt: expected triples that touch an item, found none among 2, such as '7 r 8'",
        ),
        ("kg.txt", "", "kg.txt: expected rows of text, found an empty file"),
        (
            "user_artists.dat",
            "userID\tartist\n1\t51\n",
            "user_artists.dat: expected a column 'artistID', found userID, artist",
        ),
        (
            "user_artists.dat",
            "userID\tartistID\nx\t51\n",
            "user_artists.dat:2: expected a whole number in column 'userID', found 'x'",
        ),
        ("user_artists.dat", "userID\tartistID\n", "user_artists.dat: expected rows below the header, found none"),
        (
            "item_index2entity_id.txt",
            "51\t0\n52\t0\n",
            "_id.txt:2: expected a value not seen above in column 'entity', found '0'",
        ),
        (
            "item_index2entity_id.txt",
            "99\t0\n",
            "_id.txt: expected the entities of items with interactions, found none",
        ),
    ],
)
def test_lastfm_refuses(tmp_path: Path, name: str, text: str, message: str) -> None:
    write(files.lastfm(tmp_path) / name, text)
    with pytest.raises(InputError) as caught:
        read_lastfm(tmp_path)
    assert str(caught.value).endswith(message)
    assert str(caught.value).startswith(f"{tmp_path / name}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "rows, message",
    [
        ("1::10::5::100\n1::11::good::90\n", "ratings.dat:2: expected a number in column 'rating', found 'good'"),
        ("1::10::5::100\n\n1::11::4::noon\n", "ratings.dat:3: expected a number in column 'timestamp', found 'noon'"),
        ("1::10::5::100\n1::11::nan::90\n", "ratings.dat:2: expected a number in column 'rating', found 'nan'"),
        ("1::10::5\n", "ratings.dat:1: expected 4 fields (user, item, rating, timestamp), found 3"),
        ("u1::10::5::100\n", "ratings.dat:1: expected a whole number in column 'user', found 'u1'"),
    ],
)
def test_movielens_1m_refuses(tmp_path: Path, rows: str, message: str) -> None:
    write(files.movielens_1m(tmp_path) / "ratings.dat", rows)
    with pytest.raises(InputError, match="^" + str(tmp_path)) as caught:
        read_movielens_1m(tmp_path)
    assert str(caught.value).endswith(message)


def test_book_crossing_refuses_an_item_beyond_the_links(tmp_path: Path) -> None:
    write(files.book_crossing(tmp_path) / "mkr/ratings_final.txt", "7\t1\t1\n7\t2\t1\n")
    with pytest.raises(InputError, match=r"ratings_final.txt:2: expected an item below 2 .*, found 2"):
        read_book_crossing(tmp_path, "mkr")


@pytest.mark.parametrize(
    "make, read, name",
    [
        (files.lastfm, read_lastfm, "user_artists.dat"),
        (files.lastfm, read_lastfm, "kg.txt"),
        (files.book_crossing, read_book_crossing, "ripplenet/kg_final.txt.gz"),
        (files.movielens_1m, read_movielens_1m, "ratings.dat"),
        (files.movielens_100k, read_movielens_100k, "ml-100k.link"),
    ],
)
def test_missing_file(tmp_path: Path, make, read, name: str) -> None:
    (make(tmp_path) / name).unlink()
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    wanted = tmp_path / name.removesuffix(".gz")
    assert str(caught.value) == f"{wanted}: expected this file, plain or .gz, found none"


def test_truncated_gz(tmp_path: Path) -> None:
    path = files.movielens_100k(tmp_path) / "ml-100k.kg.gz"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(InputError) as caught:
        read_movielens_100k(tmp_path)
    assert str(caught.value) == f"{path}: expected a whole gzip file, found a truncated or damaged one"


def test_movielens_1m_with_imdb(tmp_path: Path) -> None:
    """Every rated film is in the catalogue, also 11, which IMDb's file lacks; film 99 has no rating."""
    raw = read_movielens_1m(files.movielens_1m(tmp_path), "imdb")
    assert len(raw.interactions) == 4
    assert raw.item_links["item"].tolist() == ["10", "11", "12"]
    assert triples(raw) == [
        ("10", "genre", "genre:Comedy"),
        ("10", "genre", "genre:Romance"),
        ("10", "director", "person:Ann B."),
        ("10", "actor", "person:Zoë C."),
        ("10", "actor", "person:Ann B."),
        ("12", "director", "person:Ann B."),
    ]
    assert raw.entity_names["person:Ann B."] == "Ann B."
    assert raw.relation_names["director"] == "directed by"


def test_rkge(tmp_path: Path) -> None:
    raw = read_rkge(files.rkge(tmp_path))
    assert pairs(raw) == [("1", "7", True, 30), ("1", "8", False, 10), ("2", "9", True, 20)]
    assert raw.item_links.to_dict("list") == {"item": ["7", "8", "9"], "entity": ["film:7", "film:8", "film:9"]}
    assert ("film:7", "genre", "genre:War") in triples(raw)
    assert {triple[2] for triple in triples(raw)} == {"genre:War", "person:Ann B.", "person:Zoë C."}


def test_rkge_names_the_line_that_it_cannot_read(tmp_path: Path) -> None:
    files.write(files.rkge(tmp_path) / "auxiliary.txt", "id:7|genre:War|director:A|actors:B\nid:8|War\n")
    with pytest.raises(InputError, match=r"auxiliary.txt:2: expected id:..\|genre:.*found 'id:8\|War'"):
        read_rkge(tmp_path)
