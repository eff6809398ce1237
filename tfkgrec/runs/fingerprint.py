"""A run belongs to its data: what it was trained on, as digests, and the check before anything is judged or written."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.files import read_json, reading, write_text
from tfkgrec.runs.id_files import ITEMS, USERS, line_of, line_of_0_1, read_seen, read_texts
from tfkgrec.training.contract import Splits
from tfkgrec.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def fingerprint(dataset: Dataset, splits: Splits) -> dict[str, str]:
    """What -> digest: the ids in their numbers, the rows and the triples in any order, and how they were split."""
    pairs, graph = dataset.interactions, dataset.graph
    time = np.zeros(len(pairs), np.int64) if pairs.timestamp is None else pairs.timestamp
    weight = () if pairs.weight is None else (pairs.weight,)
    return {
        "users": digest_texts(dataset.users.raw),
        "items": digest_texts(dataset.items.raw),
        "entities": digest_texts(dataset.entities.raw),
        "relations": digest_texts(dataset.relations.raw),
        "interactions": digest_rows(pairs.user, pairs.item, pairs.label, time, *weight),
        "triples": digest_rows(graph.head, graph.relation, graph.tail),
        "split": digest_arrays(splits),
    }


def write_fingerprint(run: RunDirectory, dataset: Dataset, splits: Splits) -> None:
    """Leave it in the run, with the counts that a message may tell."""
    content = {"counts": dataset.stats(), "digests": fingerprint(dataset, splits)}
    write_text(run.data, json.dumps(content, indent=2) + "\n")


def check_same_data(run: RunDirectory, dataset: Dataset, splits: Splits) -> None:
    """Raise `InputError` unless these are the data that `run` was trained on, split as they were then.

    A run of version 0.1 kept no digests; of it the ids and the training positives are compared.
    """
    if not run.data.exists():
        _check_id_files(run, dataset, splits)
        return
    known, found = read_json(run.data), fingerprint(dataset, splits)
    with reading(run.data):
        digests: dict[str, str] = dict(known["digests"])
        counted: dict[str, int] = dict(known["counts"])
    for what, digest in digests.items():
        if found.get(what) != digest:
            before, now = (counts.get(_COUNTED.get(what, what)) for counts in (counted, dataset.stats()))
            sizes = f" ({now:,}, as against {before:,})" if before != now else ""
            raise _other_data(run, f"{what}{sizes}")


_COUNTED = {"interactions": "ratings", "split": "positives"}


def _other_data(run: RunDirectory, what: str) -> InputError:
    wanted = "expected the data that this run was trained on (other ones by evaluate --data FILE)"
    return InputError(f"{run.path}: {wanted}, found others: {what} differ")


def _check_id_files(run: RunDirectory, dataset: Dataset, splits: Splits) -> None:
    for what, name, ids in (("users", USERS, dataset.users), ("items", ITEMS, dataset.items)):
        known = read_texts(run.vocabularies / name)
        if known != [line_of_0_1(text) for text in ids.raw[1:]]:
            raise _other_data(run, f"{what} ({ids.size - 1:,}, as against {len(known):,})")
    before, now = read_seen(run.vocabularies).items, splits.model_history
    if not (np.array_equal(before.items, now.items) and np.array_equal(before.offsets, now.offsets)):
        raise _other_data(run, f"training positives ({len(now.items):,}, as against {len(before.items):,})")


def digest_texts(texts: np.ndarray) -> str:
    """Of texts in their order."""
    return hashlib.blake2b("\0".join(map(line_of, texts)).encode(), digest_size=16).hexdigest()


def digest_rows(*columns: np.ndarray) -> str:
    """Of the rows of a table, in whatever order they stand."""
    order = np.lexsort(columns[::-1])
    digest = hashlib.blake2b(digest_size=16)
    for column in columns:
        digest.update(np.ascontiguousarray(column[order]).tobytes())
    return digest.hexdigest()


def digest_arrays(*records: "DataclassInstance | Splits", more: object = None) -> str:
    """Of all that the records hold, and of the `repr` of `more`."""
    digest = hashlib.blake2b(repr(more).encode(), digest_size=8)
    for record in records:
        for name, array in _arrays(record):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _arrays(record: object, above: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays and numbers of a record, and of the records in it, with their names."""
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"records should be dataclasses. Received: {type(record).__name__}")
    for field in dataclasses.fields(record):
        value, name = getattr(record, field.name), f"{above}{field.name}"
        if dataclasses.is_dataclass(value):
            yield from _arrays(value, f"{name}.")
        elif isinstance(value, np.ndarray | int | float | str):
            yield name, np.asarray(value)
