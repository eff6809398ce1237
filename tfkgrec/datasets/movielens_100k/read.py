"""MovieLens 100K with a Freebase graph, as RecBole's atomic files."""

from pathlib import Path

import numpy as np

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.linking import build_raw, commonest_first, names_by_relation, pairs_of, readable_relations
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.text import find, find_optional, read_table
from tfkgrec.data.records import RawData
from tfkgrec.datasets.folders import dataset_folder

POSITIVE_AT = 4


def read(data: DataConfig, seed: int) -> RawData:
    """The files that lie in the folder of the dataset; the seed has no say."""
    return read_movielens_100k(dataset_folder(data.dataset, data.data_dir))


def read_movielens_100k(folder: Path) -> RawData:
    """Read `ml-100k.inter`, `.kg`, `.link` and, for titles, `.item`; a rating of 4 or 5 is a positive.

    STATS
        users                                 942
        items                               1,598
        items_with_a_positive               1,376
        ratings                            97,534
        positives                          54,304
        labelled_pairs                    108,608
        entities                           34,628
        relations                              24
        triples                            91,631
        triples_with_an_item_head          72,592
    """
    rows = read_atomic(find(folder, "ml-100k.inter"))
    rows.whole_numbers("user_id", "item_id")
    interactions = rows.select(user="user_id", item="item_id").frame.assign(
        positive=rows.numbers("rating") >= POSITIVE_AT, timestamp=rows.numbers("timestamp").astype(np.int64)
    )
    graph = read_atomic(find(folder, "ml-100k.kg")).select(head="head_id", relation="relation_id", tail="tail_id")
    links = read_atomic(find(folder, "ml-100k.link")).select(item="item_id", entity="entity_id")

    relation_names = readable_relations(commonest_first(graph.frame["relation"]))
    titles = _titles(folder)
    item_names = {entity: titles.get(item, f"movie {item}") for item, entity in pairs_of(links)}
    entity_names = names_by_relation(graph.frame, relation_names) | item_names
    return build_raw("ml-100k", interactions, graph, links, entity_names, relation_names)


def read_atomic(path: Path) -> RawTable:
    """A tab-separated table whose header carries types: `user_id:token`."""
    table = read_table(path)
    return RawTable(table.source, table.frame.rename(columns=lambda name: name.split(":")[0]))


def _titles(folder: Path) -> dict[str, str]:
    path = find_optional(folder, "ml-100k.item")
    if path is None:
        return {}
    movies = read_atomic(path)
    titles = movies.column("movie_title") + " (" + movies.column("release_year") + ")"
    return dict(zip(movies.column("item_id"), titles, strict=True))
