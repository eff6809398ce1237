"""What a folder of prepared data says of itself: how it was made, and how much of everything there is."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from tfkgrec.errors import InputError
from tfkgrec.storage import below, exists, read_json

MANIFEST, QUARANTINE = "manifest.json", "quarantine.csv"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """Of prepared data.

    Attributes:
        protocol, split, seed, k_core, inverse_relations: what they were numbered and split by.
        shards: of users, interactions and what is held out; `users` of each.
        graph_table: what was sampled of the graph, as `SideTable.name` has it; None: nothing.
        made_from: the section `data` that they were made from.
        report, sources, times_per_second: as of `Dataset`.
    """

    protocol: str
    split: dict[str, Any]
    seed: int
    k_core: int | None
    inverse_relations: bool
    shards: int
    users: list[int]
    items: int
    entities: int
    relations: int
    triples: int
    interactions: int
    bad_rows: int
    times_per_second: int
    graph_table: str | None
    report: tuple[str, ...]
    sources: tuple[str, ...]
    made_from: dict[str, Any]
    format: int = FORMAT

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return dataclasses.asdict(self)

    @classmethod
    def read(cls, folder: str) -> "Manifest":
        """Of a folder.

        Raises:
            InputError: there is none, or none that this version reads.
        """
        path = below(folder, MANIFEST)
        if not exists(path):
            raise InputError(f"{folder}: expected what `tfkgrec prepare` leaves, found no {MANIFEST}")
        content = read_json(path)
        if content.get("format") != FORMAT:
            raise InputError(f"{path}: expected format {FORMAT}, found {content.get('format')}")
        for name in ("report", "sources"):
            content[name] = tuple(content[name])
        return cls(**content)
