"""Pre-trained vectors: what `pretrain` makes, a file holds and `build_model` takes."""

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset, IdMap
from tfkgrec.errors import InputError
from tfkgrec.files import write_aside

FORMAT = 1
TABLES = {"entity": "entities", "relation": "relations", "item": "items", "user": "users"}  # table -> ids of its rows


@dataclass(frozen=True)
class PretrainedEmbeddings:
    """Tables by the dataset's inner ids, row 0 zeros; None: not trained.

    Attributes:
        entity: float32 [entities.size, d], of length one; items are entities 1..num_items.
        relation: float32 [relations.size, d].
        item: float32 [items.size, d_item], from the interactions (BPR).
        user: float32 [users.size, d_item].
        figures: what training measured: link prediction, its baselines, triples a second.
        curves: name -> the loss after every epoch.
    """

    entity: np.ndarray | None = None
    relation: np.ndarray | None = None
    item: np.ndarray | None = None
    user: np.ndarray | None = None
    figures: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)

    def save(self, path: Path, dataset: Dataset, history: History) -> None:
        """Write an .npz, in one piece, that `load` takes for the same dataset whatever the seed numbers it like.

        Entity and relation vectors are kept with their raw ids. Item and user vectors have seen the training
        positives of `history`, so they are kept with a fingerprint of these, too.
        """
        content: dict[str, Any] = {"format": np.array(FORMAT), "dataset": np.array(dataset.name)}
        content["figures"], content["curves"] = _to_bytes(self.figures), _to_bytes(self.curves)
        for name in TABLES:
            table = getattr(self, name)
            if table is not None:
                content[name] = np.asarray(table, np.float32)
                content[f"{name}_ids"] = _to_bytes(_ids(dataset, name).raw.tolist())
        if self.item is not None or self.user is not None:
            content["split"] = np.array(split_fingerprint(dataset, history))
        write_aside(path, lambda aside: _savez(aside, content))

    @classmethod
    def load(cls, path: Path, dataset: Dataset, history: History) -> "PretrainedEmbeddings":
        """Read a file that `save` wrote and number its rows as `dataset` does.

        Raises:
            InputError: no such file, not one of ours, ids that are not the dataset's, or item vectors that have seen
                other training positives than those of `history` (these may hold the test split's).
        """
        content = _read(path)
        tables: dict[str, Any] = {}
        for name in TABLES:
            if name not in content:
                continue
            ids = _ids(dataset, name)
            raw = json.loads(content[f"{name}_ids"].tobytes())
            tables[name] = content[name][_same_ids(path, name, raw, ids, str(content["dataset"]), dataset.name)]
        if "split" in content and str(content["split"]) != split_fingerprint(dataset, history):
            raise InputError(
                f"{path}: expected item vectors learned from this split's training positives, found another split's"
                " (another seed or protocol)"
            )
        tables["curves"] = json.loads(content["curves"].tobytes()) if "curves" in content else {}  # not in older files
        return cls(**tables, figures=json.loads(content["figures"].tobytes()))


def needed(vectors: PretrainedEmbeddings, table: str, model: str) -> np.ndarray:
    """The table "entity" or "relation", or an `InputError`: `model` reads it."""
    found: np.ndarray | None = getattr(vectors, table)
    if found is None:
        raise InputError(f"pretraining.knowledge: expected a method, since {model} reads {table} vectors, found null")
    return found


def check_width(key: str, table: np.ndarray, width: int) -> None:
    """Raise `InputError` unless `table` is as wide as the model: `key` is the width's name under both sections."""
    if table.shape[1] != width:
        found = f"found vectors of {table.shape[1]}"
        raise InputError(f"pretraining.{key}: expected {width}, as model.{key} is, {found}")


def split_fingerprint(dataset: Dataset, history: History) -> str:
    """Of the set of training positives, by raw ids: the same for every numbering and order of the same pairs."""
    user, item = (pd.util.hash_array(ids.raw, categorize=False) for ids in (dataset.users, dataset.items))  # uint64
    pairs = np.repeat(user, history.lengths) * np.uint64(0x9E3779B97F4A7C15) ^ item[history.items]
    return f"{len(pairs)}-{int(np.sum(pd.util.hash_array(pairs), dtype=np.uint64)):016x}"


def _ids(dataset: Dataset, table: str) -> IdMap:
    ids: IdMap = getattr(dataset, TABLES[table])
    return ids


def _same_ids(path: Path, table: str, raw: list[str], ids: IdMap, found: str, wanted: str) -> np.ndarray:
    """Row in the file of each of the dataset's inner ids."""
    at: np.ndarray = pd.Index(raw).get_indexer(pd.Index(ids.raw))
    if len(raw) != ids.size or np.any(at < 0):
        missing = ids.raw[at < 0]
        what = f"; {table} {missing[0]!r} is not among them" if len(missing) else ""
        raise InputError(
            f"{path}: expected vectors of the {ids.size - 1:,} {TABLES[table]} of {wanted},"
            f" found {len(raw) - 1:,} {TABLES[table]} of {found}{what}"
        )
    return at


def _read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, checked to be ours."""
    wanted = f"{path}: expected a file of vectors (tfkgrec pretrain, format {FORMAT})"
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            content = dict(arrays)
    except FileNotFoundError:
        raise InputError(f"{wanted}, found none") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError):
        raise InputError(f"{wanted}, found another or a damaged one") from None
    if "format" not in content or content["format"].tolist() != FORMAT:
        raise InputError(f"{wanted}, found another")
    return content


def _savez(path: Path, content: dict[str, Any]) -> None:
    with open(path, "wb") as file:  # a path would get another suffix
        np.savez(file, **content)
        file.flush()
        os.fsync(file.fileno())


def _to_bytes(value: object) -> np.ndarray:
    """JSON as an array of bytes: arrays of text would need a pickle, or the longest id's width for all."""
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode(), np.uint8)
