"""The graph files that the RippleNet and MKR repositories ship: numbered entities, and a map from item to entity."""

from pathlib import Path

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.text import find, read_table


def read_satori(folder: Path, triples_file: str = "kg.txt") -> tuple[RawTable, RawTable]:
    """Triples (columns `head`, `relation`, `tail`) and links (columns `item`, `entity`), both in file order."""
    graph = read_table(find(folder, triples_file), columns=["head", "relation", "tail"])
    graph.whole_numbers("head", "tail")
    links = read_table(find(folder, "item_index2entity_id.txt"), columns=["item", "entity"])
    links.whole_numbers("entity")
    return graph, links
