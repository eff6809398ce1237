"""MovieLens 1M with one of three published graphs, or with the genres, directors and actors of IMDb."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.imdb_triples import RELATIONS, credit_triples
from tfkgrec.data.readers.linking import build_raw, commonest_first, names_by_relation, pairs_of, readable_relations
from tfkgrec.data.readers.satori import read_satori
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.text import find, find_optional, read_table
from tfkgrec.data.records import RawData
from tfkgrec.datasets.folders import dataset_folder
from tfkgrec.datasets.movielens_1m import SPEC
from tfkgrec.errors import InputError

POSITIVE_AT = 4
RATINGS_FILES = ("ratings.dat", "ratings_rebuilt.dat")  # GroupLens' own file, and the one rebuilt from public copies

# triples, links, names of entities, names of relations
Graph = tuple[RawTable, RawTable, dict[str, str], dict[str, str]]


def read(data: DataConfig, seed: int) -> RawData:
    """The files that lie in the folder of the dataset; the seed has no say."""
    return read_movielens_1m(dataset_folder(data.dataset, data.data_dir), data.knowledge_graph or SPEC.graphs[0])


def read_movielens_1m(folder: Path, knowledge_graph: str = "satori-mkr") -> RawData:
    """Read `ratings.dat`, a graph and, for titles, `movies.dat`; a rating of 4 or 5 is a positive.

    STATS                              satori-mkr     freebase      dbpedia         imdb
        users                               6,036        6,038        6,038        6,038
        items                               2,347        3,086        2,983        3,706
        items_with_a_positive               2,254        2,995        2,961        3,533
        ratings                           656,334      938,838      932,202    1,000,093
        positives                         376,887      537,410      534,144      575,281
        labelled_pairs                    753,774    1,074,789    1,068,198    1,150,562
        entities                            7,008       96,235       13,760       13,088
        relations                               7            8           11            3
        triples                            20,782      124,644      193,089       27,559
        triples_with_an_item_head          20,195      124,644      193,089       27,559

    The graph `imdb` holds every rated film, the two without an entry in `movies_extrainfos.dat` included.
    DINK's 753,772 is one positive short: MKR's preprocessing skips the first line of ratings.dat, which has no header.
    """
    graph, links, entity_names, relation_names = GRAPHS[knowledge_graph](folder)
    titles = _titles(folder)
    entity_names |= {entity: titles.get(item, f"movie {item}") for item, entity in pairs_of(links)}
    return build_raw("ml-1m", _ratings(folder), graph, links, entity_names, relation_names)


def _ratings(folder: Path) -> pd.DataFrame:
    path = next((found for name in RATINGS_FILES if (found := find_optional(folder, name))), None)
    if path is None:
        raise InputError(f"{folder / RATINGS_FILES[0]}: expected this file, plain or .gz, found none")
    rows = read_table(path, "::", ["user", "item", "rating", "timestamp"])
    rows.whole_numbers("user", "item")
    return rows.frame[["user", "item"]].assign(
        positive=rows.numbers("rating") >= POSITIVE_AT, timestamp=rows.numbers("timestamp").astype(np.int64)
    )


def _titles(folder: Path) -> dict[str, str]:
    path = find_optional(folder, "movies.dat")
    if path is None:
        return {}
    movies = read_table(path, "::", ["item", "title", "genres"], encoding="latin-1").frame
    return dict(zip(movies["item"], movies["title"], strict=True))


def _satori(folder: Path) -> Graph:
    graph, links = read_satori(folder / "kg_satori_mkr")
    relation_names = readable_relations(commonest_first(graph.frame["relation"]))
    return graph, links, names_by_relation(graph.frame, relation_names), relation_names


def _freebase(folder: Path) -> Graph:
    folder = folder / "kg_freebase"
    graph = read_table(find(folder, "kg_final.txt"), " ", ["head", "relation", "tail"])
    links = read_table(find(folder, "item_list.txt"), " ", ["item", "entity", "mid"], header=True)
    relations = read_table(find(folder, "relation_list.txt"), " ", ["name", "relation"], header=True)
    relation_names = _words(relations, "relation")
    _check_numbers(graph, links)
    return graph, links, names_by_relation(graph.frame, relation_names), relation_names


def _dbpedia(folder: Path) -> Graph:
    folder = folder / "kg_dbpedia"
    graph = read_table(find(folder, "kg_final.txt"), columns=["head", "relation", "tail"], header=True)
    links = read_table(find(folder, "i2kg_map.txt"), columns=["entity", "item", "name", "uri"], header=True)
    entities = read_table(find(folder, "e_map.txt"), columns=["entity", "name", "uri"], header=True)
    relations = read_table(find(folder, "r_map.txt"), columns=["relation", "uri", "name"], header=True)
    _check_numbers(graph, links)
    return graph, links, _words(entities, "entity"), _words(relations, "relation")


def _imdb(folder: Path) -> Graph:
    fields = "item title year rated released genres directors writers actors plot poster".split()
    films = read_table(find(folder, "movies_extrainfos.dat"), "::", fields)
    films.whole_numbers("item")
    rated = _ratings(folder)["item"].unique()
    kept = films.frame[films.frame["item"].isin(rated)]
    lists = zip(kept["genres"], kept["directors"], kept["actors"], strict=True)
    credits = (dict(zip(RELATIONS, texts, strict=True)) for texts in lists)
    graph, names = credit_triples(zip(kept["item"], credits, strict=True), films.source)
    links = RawTable(films.source, pd.DataFrame({"item": rated, "entity": rated}))
    return graph, links, names, dict(RELATIONS)


def _check_numbers(graph: RawTable, links: RawTable) -> None:
    graph.whole_numbers("head", "relation", "tail")
    links.whole_numbers("item", "entity")


def _words(table: RawTable, key: str) -> dict[str, str]:
    """Names as in addresses (`Jumanji_%28film%29`) as text for people."""
    names = table.frame["name"].map(lambda name: unquote(name).replace("_", " "))
    return dict(zip(table.frame[key], names, strict=True))


GRAPHS: dict[str, Callable[[Path], Graph]] = {
    "satori-mkr": _satori,
    "freebase": _freebase,
    "dbpedia": _dbpedia,
    "imdb": _imdb,
}
