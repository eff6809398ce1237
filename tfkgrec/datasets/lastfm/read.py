"""Last.FM (HetRec 2011) with the Satori graph of the MKR repository."""

from pathlib import Path

from tfkgrec.config import DataConfig
from tfkgrec.data.readers.linking import build_raw, commonest_first, names_by_relation, pairs_of, readable_relations
from tfkgrec.data.readers.satori import read_satori
from tfkgrec.data.readers.text import find, read_table
from tfkgrec.data.records import RawData
from tfkgrec.datasets.folders import dataset_folder


def read(data: DataConfig, seed: int) -> RawData:
    """The files that lie in the folder of the dataset; the seed has no say."""
    return read_lastfm(dataset_folder(data.dataset, data.data_dir))


def read_lastfm(folder: Path) -> RawData:
    """Read `user_artists.dat`, `kg.txt` and `item_index2entity_id.txt`; every artist listened to is a positive.

    STATS
        users                               1,872
        items                               3,846
        items_with_a_positive               3,846
        ratings                            21,173
        positives                          21,173
        labelled_pairs                     42,346
        entities                            9,366
        relations                              60
        triples                            15,518
        triples_with_an_item_head          15,518
    """
    plays = read_table(find(folder, "user_artists.dat")).whole_numbers("userID", "artistID")
    graph, links = read_satori(folder)
    relation_names = readable_relations(commonest_first(graph.frame["relation"]))
    artists = {entity: f"artist {item}" for item, entity in pairs_of(links)}
    return build_raw(
        "lastfm",
        plays.set_axis(["user", "item"], axis=1).assign(positive=True),
        graph,
        links,
        names_by_relation(graph.frame, relation_names) | artists,
        relation_names,
    )
