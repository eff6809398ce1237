"""What an export needs beside the model: raw ids, names, and what every user has already taken, in a run's folder."""

import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset
from tfkgrec.files import write_aside, write_text

USERS, ITEMS = "users.txt", "items.txt"
ENTITY_NAMES, RELATION_NAMES = "entity_names.txt", "relation_names.txt"
SEEN = "seen.npz"


class Seen(NamedTuple):
    """What an export knows of the users beside their ids.

    Attributes:
        items: what is not recommended to them again: all that the data hold of them.
        known: bool [users], of whom training saw a positive; the others are answered as unknown users are.
    """

    items: History
    known: np.ndarray


def write_id_files(folder: Path, dataset: Dataset, learned: History) -> None:
    """Write what an export needs beside the model: ids, names, and what every user has already taken.

    Line n of a file belongs to inner id n, counted from 1.

    Args:
        learned: the training positives.
    """
    for name, texts in (
        (USERS, dataset.users.raw),
        (ITEMS, dataset.items.raw),
        (ENTITY_NAMES, dataset.entity_names),
        (RELATION_NAMES, dataset.relation_names),
    ):
        write_text(folder / name, "".join(f"{line_of(text)}\n" for text in texts[1:]))
    seen, known = dataset.seen_items, learned.lengths > 0
    offsets, items = seen.offsets.astype(np.int32), seen.items.astype(np.int32)
    write_aside(folder / SEEN, lambda aside: np.savez_compressed(aside, offsets=offsets, items=items, known=known))


def line_of(text: str) -> str:
    """A text as a line of these files has it."""
    return " ".join(str(text).split())


def first_ids(file: Path, count: int) -> list[str]:
    """The raw ids of the first `count` lines of a USERS or ITEMS file; fewer, where there are fewer."""
    with file.open(encoding="utf-8") as lines:
        return [line.rstrip("\n") for line in itertools.islice(lines, count)]


def read_seen(folder: Path) -> Seen:
    """What `write_id_files` left of the users; version 0.1 left out what was known when test was judged, no more."""
    with np.load(folder / SEEN) as stored:
        items = History(stored["items"], stored["offsets"])
        return Seen(items, stored["known"] if "known" in stored else items.lengths > 0)
