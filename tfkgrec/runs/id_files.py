"""What an export needs beside the model: raw ids, names, and what every user has already taken, in a run's folder."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfkgrec.data.records import Dataset
from tfkgrec.files import write_aside, write_text

if TYPE_CHECKING:
    from tfkgrec.data.history import History

USERS, ITEMS = "users.txt", "items.txt"
ENTITY_NAMES, RELATION_NAMES = "entity_names.txt", "relation_names.txt"
SEEN = "seen.npz"


def write_vocabularies(folder: Path, dataset: Dataset, splits: "History") -> None:
    """Write what an export needs beside the model: ids, names, and what every user has already taken.

    Line n of a file belongs to inner id n, counted from 1.
    """
    for name, texts in (
        (USERS, dataset.users.raw),
        (ITEMS, dataset.items.raw),
        (ENTITY_NAMES, dataset.entity_names),
        (RELATION_NAMES, dataset.relation_names),
    ):
        write_text(folder / name, "".join(f"{' '.join(str(text).split())}\n" for text in texts[1:]))
    items, offsets = (column.astype(np.int32) for column in splits.served)
    write_aside(folder / SEEN, lambda aside: np.savez_compressed(aside, offsets=offsets, items=items))


def first_ids(file: Path, count: int) -> list[str]:
    """The raw ids of the first `count` lines of a USERS or ITEMS file; fewer, where there are fewer."""
    with file.open(encoding="utf-8") as lines:
        return [line.rstrip("\n") for line in itertools.islice(lines, count)]


@dataclass(frozen=True)
class Seen:
    """What an export knows that user u has taken (`History.served`): `items[offsets[u]:offsets[u + 1]]`, int32."""

    offsets: np.ndarray
    items: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> "Seen":
        with np.load(folder / SEEN) as stored:
            return cls(stored["offsets"], stored["items"])
