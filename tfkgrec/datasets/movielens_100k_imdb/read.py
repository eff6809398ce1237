"""MovieLens 100K with IMDb's genres, directors and actors, as RKGE's authors publish it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.imdb_triples import RELATIONS, credit_triples
from tfkgrec.data.readers.linking import build_raw
from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.text import find, read_lines, read_table
from tfkgrec.data.records import RawData
from tfkgrec.datasets.folders import dataset_folder

POSITIVE_AT = 4
FILM = re.compile(r"id:(\d+)[|:]genre:(.*?)\|director:(.*?)\|[Aa]ctors:(.*)")  # line 1,576 has a colon for a bar


def read(data: DataConfig, seed: int) -> RawData:
    """The files that lie in the folder of the dataset; the seed has no say."""
    return read_rkge(dataset_folder(data.dataset, data.data_dir))


def read_rkge(folder: Path) -> RawData:
    """Read `rating-delete-missing-itemid.txt` and `auxiliary.txt`; a rating of 4 or 5 is a positive.

    STATS
        users                                 942
        items                               1,675
        items_with_a_positive               1,443
        ratings                            99,955
        positives                          55,365
        labelled_pairs                    110,730
        entities                            6,684
        relations                               3
        triples                            12,310
        triples_with_an_item_head          12,310

    The films have no titles in this folder; they are called by their number.
    """
    rows = read_table(find(folder, "rating-delete-missing-itemid.txt"), columns=["user", "item", "rating", "timestamp"])
    rows.whole_numbers("user", "item")
    interactions = rows.frame[["user", "item"]].assign(
        positive=rows.numbers("rating") >= POSITIVE_AT, timestamp=rows.numbers("timestamp").astype(np.int64)
    )
    path = find(folder, "auxiliary.txt")
    films = read_lines(path, FILM, "id:..|genre:..|director:..|actors:..")
    graph, names = credit_triples(
        ((film, dict(zip(RELATIONS, lists, strict=True))) for film, *lists in films), str(path)
    )
    ids = sorted({film[0] for film in films} | set(rows.frame["item"]))
    links = RawTable(str(path), pd.DataFrame({"item": ids, "entity": [f"film:{film}" for film in ids]}))
    graph.frame["head"] = "film:" + graph.frame["head"]
    names |= {f"film:{film}": f"movie {film}" for film in ids}
    return build_raw("ml-100k-rkge", interactions, graph, links, names, dict(RELATIONS))
