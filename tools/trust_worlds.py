"""Small data in every format that is read, each with the commands that read it: what trust_mutate.py breaks."""

import gzip
import io
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

Argv: TypeAlias = Callable[[Path], list[str]]

USERS, ITEMS = 12, 14
COLUMNS = "columns: {user: userId, item: movieId, rating: rating, timestamp: time}"


@dataclass(frozen=True)
class World:
    """Files by name, and the verb with its arguments that reads them; `{}` in an argument is their folder."""

    name: str
    files: Mapping[str, bytes]
    command: tuple[str, ...]


def ratings() -> pd.DataFrame:
    """userId, movieId, rating, time: half of all pairs."""
    rng = np.random.default_rng(0)
    pairs = [(user, item) for user in range(1, USERS + 1) for item in range(1, ITEMS + 1)]
    chosen = np.array(pairs)[rng.permutation(len(pairs))[: len(pairs) // 2]]
    frame = pd.DataFrame(chosen, columns=["userId", "movieId"])
    return frame.assign(rating=rng.integers(1, 6, len(frame)), time=1_500_000_000 + rng.permutation(len(frame)) * 9000)


def triples() -> pd.DataFrame:
    """head, relation, tail: two genres and a director of every item."""
    rows = [(str(item), "genre", f"g{item % 4}") for item in range(1, ITEMS + 1)]
    rows += [(str(item), "director", f"d{item % 5}") for item in range(1, ITEMS + 1)]
    return pd.DataFrame([*rows, ("g1", "like", "g2")], columns=["head", "relation", "tail"])


def worlds() -> Iterator[World]:
    """All of them; each works as it is."""
    for name, files, keys in _own_files():
        config = f"model: {{name: mf}}\ndata:\n  dataset: files\n  split_version: 2\n  max_bad_rows: 0.9\n  {keys}\n"
        files = {**files, "config.yaml": config.encode()}
        yield World(f"files, {name}", files, ("data", "stats", "--config", "{}/config.yaml"))
    for name, files, arguments in _looked_at():
        yield World(f"init, {name}", files, ("init", "{}/new", *arguments))
    for dataset, files, keys in _public():
        config = f"model: {{name: mf}}\ndata: {{dataset: {dataset}{keys}}}\n"
        where = ("--data-dir", "{}")
        yield World(
            f"{dataset}{keys}",
            {**files, "config.yaml": config.encode()},
            ("data", "stats", "--config", "{}/config.yaml", *where),
        )


def _text(frame: pd.DataFrame, separator: str = ",", header: bool = True) -> bytes:
    return frame.to_csv(index=False, sep=separator, header=header).encode()


def _parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


def _own_files() -> Iterator[tuple[str, dict[str, bytes], str]]:
    rows, facts = ratings(), triples()
    table = pd.DataFrame({"movieId": range(1, ITEMS + 1)}).assign(
        title=lambda t: "Film, " + t["movieId"].astype(str),
        genres=lambda t: t["movieId"].map(lambda i: f"g{i % 4}|g{i % 3}"),
        year=lambda t: 1980 + t["movieId"] * 3,
    )
    names = pd.DataFrame({"id": range(1, ITEMS + 1), "name": [f"Film {i}" for i in range(1, ITEMS + 1)]})
    links = pd.DataFrame({"item": range(1, ITEMS + 1), "entity": [f"e{i % 12}" for i in range(1, ITEMS + 1)]})
    own = facts.assign(head=facts["head"].map(lambda head: f"e{int(head) % 12}" if head.isdigit() else head))
    lines = "\n".join(json.dumps(row) for row in rows.to_dict("records"))
    double = _text(rows, "|", header=False).replace(b"|", b"::")
    lists = "\n".join(f"{user} {' '.join(map(str, part))}" for user, part in rows.groupby("userId")["movieId"])
    keyed = "\n".join(f"id:{i}|genre:g{i % 4},g{i % 3}|director:d{i % 5}" for i in range(1, ITEMS + 1))
    openke = f"{len(facts)}\n" + "\n".join(f"{i % 14} {i % 20 + 14} 0" for i in range(len(facts)))
    rdf = "".join(f"<http://x/{h}> <http://r/{r}> <http://x/{t}> .\n" for h, r, t in facts.itertuples(index=False))
    ids = pd.DataFrame({"item": range(1, ITEMS + 1), "entity": [f"http://x/{i}" for i in range(1, ITEMS + 1)]})
    kg, at = "triples: kg.tsv", "positive_at: 3"
    graph = {"kg.tsv": _text(facts, "\t")}
    for suffix, content in {
        "csv": _text(rows),
        "tsv": _text(rows, "\t"),
        "jsonl": lines.encode(),
        "json": json.dumps(rows.to_dict("records"), indent=1).encode(),
        "parquet": _parquet(rows),
        "utf16.csv": rows.to_csv(index=False).encode("utf-16"),
    }.items():
        yield suffix, {f"r.{suffix}": content, **graph}, f"interactions: r.{suffix}\n  {COLUMNS}\n  {at}\n  {kg}"
    places = "columns: {user: 0, item: 1, rating: 2, timestamp: 3}"
    yield "::", {"r.dat": double, **graph}, f"interactions: r.dat\n  {places}\n  {at}\n  {kg}"
    yield "lists", {"r.txt": lists.encode(), **graph}, f"interactions: r.txt\n  {kg}"
    keys = "interactions: r.csv\n  columns: {user: userId, item: movieId, weight: rating}"
    plain = {"r.csv": _text(rows)}
    yield "keyed", {**plain, "kg.txt": keyed.encode()}, f"{keys}\n  triples: kg.txt"
    yield "OpenKE", {**plain, "kg.txt": openke.encode()}, f"{keys}\n  triples: kg.txt"
    for suffix in ("nt", "ttl"):
        files = {**plain, f"kg.{suffix}": rdf.encode(), "links.csv": _text(ids)}
        yield suffix, files, f"{keys}\n  triples: kg.{suffix}\n  item_links: links.csv"
    item_table = "{file: m.csv, item: movieId, columns: [genres, year], split: '|', bins: {year: 3}, name: title}"
    yield "item table", {**plain, "m.csv": _text(table)}, f"{keys}\n  item_table: {item_table}"
    parts = {"kg.tsv": _text(own, "\t"), "links.csv": _text(links), "names.csv": _text(names)}
    named = "item_links: links.csv\n  item_names: names.csv\n  user_names: names.csv\n  inverse_relations: true"
    yield "links and names", {**plain, **parts}, f"{keys}\n  {kg}\n  {named}\n  repeats: all"
    half = {"r.csv": _text(rows[::2]), "t.csv": _text(rows[1::2]), **graph}
    yield "test file", half, f"{keys}\n  test_interactions: t.csv\n  {kg}\n  k_core: 2"
    folder = {"r/a.csv": _text(rows[::2]), "r/b.csv": _text(rows[1::2]), **graph}
    yield "folder", folder, f"interactions: r\n  {COLUMNS}\n  {kg}\n  protocol: top_n"
    spark = {f"r/part={n}/x.parquet": _parquet(rows[n::2]) for n in range(2)}
    yield "Parquet folder", {**spark, **graph}, f"interactions: r\n  {COLUMNS}\n  {kg}\n  protocol: top_n"
    queries = "queries: {interactions: 'select userId as user, movieId as item from r', triples: select * from kg}"
    yield "database", {"x.db": _database(rows, facts)}, f"database: sqlite:///{{}}/x.db\n  {queries}"


def _database(rows: pd.DataFrame, facts: pd.DataFrame) -> bytes:
    with sqlite3.connect(":memory:") as connection:
        rows.to_sql("r", connection, index=False)
        facts.to_sql("kg", connection, index=False)
        return connection.serialize()


def _looked_at() -> Iterator[tuple[str, dict[str, bytes], tuple[str, ...]]]:
    rows, facts = ratings(), triples()
    for suffix, content in {"csv": _text(rows), "parquet": _parquet(rows), "tsv": _text(rows, "\t", False)}.items():
        files = {f"r.{suffix}": content, "kg.tsv": _text(facts, "\t")}
        yield suffix, files, ("--interactions", f"{{}}/r.{suffix}", "--triples", "{}/kg.tsv")
    items = pd.DataFrame({"movieId": range(1, ITEMS + 1), "title": [f"Film {n}" for n in range(ITEMS)]})
    items = items.assign(genres=[f"g{n % 4}|g{n % 3}" for n in range(ITEMS)], year=range(1980, 1980 + ITEMS))
    files = {"r.csv": _text(rows), "m.csv": _text(items)}
    yield "item table", files, ("--interactions", "{}/r.csv", "--item-table", "{}/m.csv")


def _public() -> Iterator[tuple[str, dict[str, bytes], str]]:
    rows, facts = ratings(), triples()
    number = {name: n for n, name in enumerate([*map(str, range(1, ITEMS + 1)), *sorted(set(facts["tail"]))])}
    graph = facts.assign(head=facts["head"].map(number), tail=facts["tail"].map(number))
    satori = _text(graph.assign(relation="film.film." + graph["relation"]), "\t", False)
    links = _text(pd.DataFrame({"item": range(1, ITEMS + 1), "entity": range(ITEMS)}), "\t", False)
    plays = rows.drop(columns="time").set_axis(["userID", "artistID", "weight"], axis=1)
    yield (
        "lastfm",
        {
            "lastfm/user_artists.dat": _text(plays, "\t"),
            "lastfm/item_index2entity_id.txt": links,
            "lastfm/kg.txt": satori,
        },
        "",
    )
    pairs = rows.drop(columns="time").assign(movieId=rows["movieId"] - 1, rating=(rows["rating"] > 1).astype(int))
    numbered = graph.assign(relation=graph["relation"].map({"genre": 1, "director": 2, "like": 0}))
    for version, name, content in (
        ("mkr", "kg.txt", satori),
        ("ripplenet", "kg_final.txt", _text(numbered, "\t", False)),
    ):
        folder = f"book-crossing/{version}/"
        files = {
            f"{folder}item_index2entity_id.txt": links,
            f"{folder}{name}": content,
            f"{folder}ratings_final.txt": _text(pairs, "\t", False),
        }
        if version == "ripplenet":
            files[f"{folder}relation_names_partial.tsv"] = b"relation_id\tname\n1\tbook.written_work.author\n"
        yield "book-crossing", files, f", knowledge_graph: {version}"
    yield from _movielens(rows, satori, links, numbered)
    atomic = rows.set_axis(["user_id:token", "item_id:token", "rating:float", "timestamp:float"], axis=1)
    linked = pd.DataFrame({"item_id:token": range(1, ITEMS + 1), "entity_id:token": range(1, ITEMS + 1)})
    titles = pd.DataFrame({"item_id:token": range(1, ITEMS + 1), "movie_title:token_seq": "T", "release_year:token": 1})
    kg = facts.set_axis(["head_id:token", "relation_id:token", "tail_id:token"], axis=1)
    tables = {"inter": atomic, "link": linked, "item": titles, "kg": kg}
    yield "ml-100k", {f"ml-100k/ml-100k.{name}": _text(table, "\t") for name, table in tables.items()}, ""
    films = "\n".join(f"id:{n}|genre:War|director:A{n % 3} B.|actors:Z{n % 5}, N/A" for n in range(1, ITEMS + 1))
    folder = "ml-100k-rkge/"
    yield (
        "ml-100k-rkge",
        {
            f"{folder}rating-delete-missing-itemid.txt": _text(rows, "\t", False),
            f"{folder}auxiliary.txt": films.encode(),
        },
        "",
    )


def _movielens(
    rows: pd.DataFrame, satori: bytes, links: bytes, numbered: pd.DataFrame
) -> Iterator[tuple[str, dict[str, bytes], str]]:
    double = _text(rows, "|", header=False).replace(b"|", b"::")
    movies = "".join(f"{n}::Film {n}::Drama\n" for n in range(1, ITEMS + 1)).encode("latin-1")
    common = {"ml-1m/ratings.dat": double, "ml-1m/movies.dat": movies}
    extra = "".join(
        f"{n}::T::2001::PG::1 Jan::Comedy, War::Ann {n % 3}::W::Z {n % 4}::A plot::http://x\n" for n in range(1, 15)
    )
    items = "".join(f"{n} {n - 1} m.{n}\n" for n in range(1, ITEMS + 1))
    freebase = {
        "item_list.txt": f"org_id remap freebase\n{items}".encode(),
        "relation_list.txt": b"org_id remap_id\nlike 0\nbelong_to_genre 1\nedited_by 2\n",
        "kg_final.txt.gz": gzip.compress(_text(numbered, " ", False)),
    }
    table = "".join(f"{n - 1}\t{n}\tFilm\thttp://x\n" for n in range(1, ITEMS + 1))
    dbpedia = {
        "kg_final.txt": _text(numbered, "\t"),
        "i2kg_map.txt": f"eid\tpid\tname\tentity\n{table}".encode(),
        "e_map.txt": ("eid\tname\tentity\n" + "".join(f"{n}\tE%28{n}\thttp\n" for n in range(30))).encode(),
        "r_map.txt": b"id\tkb_relation\tname\n0\thttp\tlike\n1\thttp\tgenre\n2\thttp\tdirector\n",
    }
    for graph, files in {
        "satori-mkr": {"kg_satori_mkr/item_index2entity_id.txt": links, "kg_satori_mkr/kg.txt": satori},
        "freebase": {f"kg_freebase/{name}": content for name, content in freebase.items()},
        "dbpedia": {f"kg_dbpedia/{name}": content for name, content in dbpedia.items()},
        "imdb": {"movies_extrainfos.dat": extra.encode()},
    }.items():
        yield (
            "ml-1m",
            {**common, **{f"ml-1m/{name}": text for name, text in files.items()}},
            f", knowledge_graph: {graph}",
        )
