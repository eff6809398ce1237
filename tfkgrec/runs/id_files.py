"""What an export needs beside the model: raw ids, names, and what every user has already taken, in a run's folder.

Line n of a text file is the text of inner id n, counted from 1. A letter that a line cannot hold is written as two, of
which the first is U+001F (`ESCAPES`). Version 0.1 wrote none, and none of its lines holds a U+001F, so its files are
read by the same rule.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset, KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.files import read_arrays, reading, write_aside, write_text

USERS, ITEMS = "users.txt", "items.txt"
ENTITY_NAMES, RELATION_NAMES = "entity_names.txt", "relation_names.txt"
USER_NAMES = "user_names.txt"  # only where users have names
SEEN = "seen.npz"
FACTS, FACT_ITEMS = "facts.txt", "facts.npz"  # "genre=Drama", and the items of which it is told; runs of 0.1 have none
ENTITIES, RELATIONS, GRAPH = "entities.txt", "relations.txt", "graph.npz"  # raw ids, and the triples in inner ones

TRIPLE = ("head", "relation", "tail")

ESCAPE = "\x1f"
ESCAPES = ((ESCAPE, ESCAPE + "e"), ("\n", ESCAPE + "n"), ("\r", ESCAPE + "r"), ("\0", ESCAPE + "0"))
"""Letter -> how a line has it. Replaced in this order, and back in the other one."""


class Seen(NamedTuple):
    """What an export knows of the users beside their ids.

    Attributes:
        items: what is not recommended to them again: all that the data hold of them.
        known: bool [users], of whom training saw a positive; the others are answered as unknown users are.
    """

    items: History
    known: np.ndarray


def write_id_files(folder: Path, dataset: Dataset, learned: History) -> None:
    """Write what an export needs beside the model: ids, names, facts, and what every user has already taken.

    Args:
        learned: the training positives.
    """
    graph = dataset.graph
    for name, texts in (
        (USERS, dataset.users.raw),
        (ITEMS, dataset.items.raw),
        (ENTITY_NAMES, dataset.entity_names),
        (RELATION_NAMES, dataset.relation_names),
        (USER_NAMES, dataset.user_names),
        (ENTITIES, dataset.entities.raw),
        (RELATIONS, dataset.relations.raw),
    ):
        if texts is not None:
            write_texts(folder / name, texts[1:])
    seen, known = dataset.seen_items, learned.lengths > 0
    offsets, items = seen.offsets.astype(np.int32), seen.items.astype(np.int32)
    write_aside(folder / SEEN, lambda aside: np.savez_compressed(aside, offsets=offsets, items=items, known=known))
    write_facts(folder, graph, dataset.num_items, dataset.entity_names, dataset.relation_names)
    triples = {part: getattr(graph, part).astype(np.int32) for part in TRIPLE}
    write_aside(folder / GRAPH, lambda aside: np.savez_compressed(aside, **triples))


def write_facts(
    folder: Path, graph: KnowledgeGraph, num_items: int, entity_names: np.ndarray, relation_names: np.ndarray
) -> None:
    """Write what is told of items, as "relation=entity" by their names, numbered from 1, and the items of each."""
    own = graph.head <= num_items
    code, texts = pd.factorize(relation_names[graph.relation[own]] + "=" + entity_names[graph.tail[own]])
    pairs = np.unique(np.stack([code + 1, graph.head[own]], axis=1), axis=0)
    told = History.by_user(pairs[:, 0], pairs[:, 1], len(texts) + 1)
    write_texts(folder / FACTS, texts)
    offsets, items = told.offsets.astype(np.int32), told.items.astype(np.int32)
    write_aside(folder / FACT_ITEMS, lambda aside: np.savez_compressed(aside, offsets=offsets, items=items))


def write_texts(file: Path, texts: Iterable[str]) -> None:
    """Write a file of which line n is the text of inner id n."""
    write_text(file, "".join(f"{line_of(text)}\n" for text in texts))


def line_of(text: str) -> str:
    """A text as a line of these files has it: no two are alike."""
    for letter, written in ESCAPES:
        text = text.replace(letter, written)
    return text


def text_of(line: str) -> str:
    """The text that `line_of` wrote."""
    for letter, written in reversed(ESCAPES):
        line = line.replace(written, letter)
    return line


def line_of_0_1(text: str) -> str:
    """What version 0.1 wrote of a text: every blank of whatever length and kind as one, none around it."""
    return " ".join(text.split())


def read_texts(file: Path, count: int | None = None) -> list[str]:
    """The texts of a file, or of its first `count` lines, in the order of the inner ids."""
    with reading(file), file.open(encoding="utf-8", newline="\n") as lines:
        return [text_of(line.removesuffix("\n")) for line in itertools.islice(lines, count)]


def read_graph(folder: Path) -> KnowledgeGraph:
    """The triples of a run.

    Raises:
        InputError: an older run, which kept none.
    """
    if not (folder / GRAPH).exists():
        raise InputError(f"{folder}: expected {GRAPH}, the run's triples, found none: a run of an older version")
    sizes = (len(read_texts(folder / file)) + 1 for file in (ENTITIES, RELATIONS))
    with np.load(folder / GRAPH) as stored:
        return KnowledgeGraph(*(stored[part] for part in TRIPLE), *sizes)


def read_fact_items(folder: Path) -> History:
    """The items of every fact, by its number; of an older run there are none."""
    if not (folder / FACT_ITEMS).exists():
        return History(np.zeros(0, np.int32), np.zeros(2, np.int32))
    stored = read_arrays(folder / FACT_ITEMS)
    with reading(folder / FACT_ITEMS):
        return History(stored["items"], stored["offsets"])


def read_seen(folder: Path) -> Seen:
    """What `write_id_files` left of the users; version 0.1 left out what was known when test was judged, no more."""
    stored = read_arrays(folder / SEEN)
    with reading(folder / SEEN):
        items = History(stored["items"], stored["offsets"])
        return Seen(items, stored["known"] if "known" in stored else items.lengths > 0)


def check_id_files(folder: Path, num_items: int) -> None:
    """Raise `InputError` unless a run's files of ids fit each other and a model of so many items, row 0 included."""
    users, items = (_lines(folder / name) + 1 for name in (USERS, ITEMS))
    _lines(folder / RELATION_NAMES)  # has to be there, whatever it holds
    facts = (_lines(folder / FACTS) if (folder / FACTS).exists() else 0) + 1
    wanted = (
        (USERS, users, len(read_seen(folder).known)),
        (ITEMS, items, num_items),
        (ENTITY_NAMES, min(_lines(folder / ENTITY_NAMES) + 1, num_items), num_items),
        (FACTS, facts, len(read_fact_items(folder).offsets) - 1),
    )
    for name, found, expected in wanted:
        if found != expected:
            raise InputError(f"{folder / name}: expected a line for each of {expected - 1:,}, found {found - 1:,}")


def _lines(file: Path) -> int:
    with reading(file):
        return file.read_bytes().count(b"\n")
