"""Book-Crossing as the RippleNet and the MKR repositories prepared it, each with its own graph."""

from pathlib import Path

import numpy as np
import pandas as pd

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.linking import build_raw, commonest_first, names_by_relation, pairs_of, readable_relations
from tfkgrec.data.readers.satori import read_satori
from tfkgrec.data.readers.text import find, find_optional, read_table
from tfkgrec.data.records import RawData
from tfkgrec.datasets.book_crossing import SPEC
from tfkgrec.datasets.folders import dataset_folder

TRIPLES_FILES = {"ripplenet": "kg_final.txt", "mkr": "kg.txt"}


def read(data: DataConfig, seed: int) -> RawData:
    """The files that lie in the folder of the dataset; the seed has no say."""
    return read_book_crossing(dataset_folder(data.dataset, data.data_dir), data.knowledge_graph or SPEC.graphs[0])


def read_book_crossing(folder: Path, knowledge_graph: str = "ripplenet") -> RawData:
    """Read `ratings_final.txt`, the triples and `item_index2entity_id.txt` from the folder of one version.

    Every book that a user rated is a positive. The files also hold negatives which their authors sampled (label 0);
    they were never ratings, and the protocol draws its own, so they are left out. Items are ISBNs.

    STATS                               ripplenet          mkr
        users                              17,860       17,860
        items                              14,967       14,910
        items_with_a_positive              14,910       14,910
        ratings                            69,873       69,873
        positives                          69,873       69,873
        labelled_pairs                    139,746      139,746
        entities                           77,903       24,127
        relations                              25           10
        triples                           151,500       19,876
        triples_with_an_item_head          19,876       19,793
    """
    folder = folder / knowledge_graph
    graph, links = read_satori(folder, TRIPLES_FILES[knowledge_graph])
    relations = commonest_first(graph.frame["relation"])
    relation_names = _published_names(folder) if knowledge_graph == "ripplenet" else readable_relations(relations)
    isbns = {entity: f"ISBN {item}" for item, entity in pairs_of(links)}
    return build_raw(
        "book-crossing",
        _positives(folder, links.frame["item"].to_numpy()),
        graph,
        links,
        names_by_relation(graph.frame, relation_names) | isbns,
        {relation: f"relation {relation}" for relation in relations} | relation_names,
    )


def _positives(folder: Path, isbns: np.ndarray) -> pd.DataFrame:
    """The item of a row is a line number of the link file, from 0."""
    rows = read_table(find(folder, "ratings_final.txt"), columns=["user", "item", "label"])
    rows.whole_numbers("user", "item")
    labels, items = rows.numbers("label"), rows.numbers("item").astype(np.int64)
    if items.max() >= len(isbns):
        line = rows.frame.index[items.argmax()]
        raise rows.error(line, f"expected an item below {len(isbns)} (lines of the link file), found {items.max()}")
    return pd.DataFrame({"user": rows.frame["user"], "item": isbns[items], "positive": True})[labels == 1]


def _published_names(folder: Path) -> dict[str, str]:
    """RippleNet's graph numbers its relations; the names of ten were recovered by comparing it with MKR's."""
    path = find_optional(folder, "relation_names_partial.tsv")
    if path is None:
        return {}
    known = read_table(path).select(relation="relation_id", name="name").frame
    return dict(zip(known["relation"], known["name"].map(readable_relations(known["name"])), strict=True))
