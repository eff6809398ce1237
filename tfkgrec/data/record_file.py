"""Frozen records of arrays, texts and other records as one file of arrays, of which nothing can run when it is read."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tfkgrec.data.table_bytes import table_bytes, table_of
from tfkgrec.files import read_arrays, reading, write_aside

OURS = "tfkgrec."
"""Where the classes of records are: no other module is imported because a file names it."""
TREE = "tree"


def write_record(path: Path, record: object) -> None:
    """Write a record: a dataclass or named tuple of ours, of arrays, tables, texts, numbers, tuples and such records.

    Raises:
        TypeError: something in it is none of these.
    """
    arrays: dict[str, np.ndarray] = {}
    tree = _packed(record, arrays)
    arrays[TREE] = np.frombuffer(json.dumps(tree).encode(), np.uint8)

    def write(aside: Path) -> None:
        with aside.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    write_aside(path, write)


def read_record(path: Path) -> Any:
    """What `write_record` has written.

    Raises:
        InputError: the file is damaged, or of records that are no more as they were.
    """
    arrays = read_arrays(path)
    with reading(path):
        return _unpacked(json.loads(arrays.pop(TREE).tobytes()), arrays)


def _packed(value: object, arrays: dict[str, np.ndarray]) -> Any:
    """As JSON has it; arrays go to `arrays`, and their names stand in their place."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        texts = pa.table({"text": pa.array(value.ravel(), pa.large_string())})
        return {"texts": _kept(_flat(texts), arrays), "shape": value.shape}
    if isinstance(value, np.ndarray):
        return {"array": _kept(value, arrays)}
    if isinstance(value, pa.Table):
        return {"table": _kept(_flat(value), arrays)}
    if isinstance(value, Mapping):
        return {"mapping": {name: _packed(part, arrays) for name, part in value.items()}}
    names = _names(type(value))
    if names:
        own = {name: _packed(getattr(value, name), arrays) for name in names}
        return {"record": f"{type(value).__module__}:{type(value).__qualname__}", "fields": own}
    if isinstance(value, tuple):
        return {"tuple": [_packed(part, arrays) for part in value]}
    raise TypeError(
        f"expected a record of {OURS}*, an array, a table, a text, a number or a tuple, found {type(value)}"
    )


def _unpacked(node: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if not isinstance(node, dict):
        return node
    if "texts" in node:
        texts: np.ndarray = table_of(arrays[node["texts"]].tobytes())["text"].to_numpy()
        return texts.astype(object).reshape(node["shape"])
    if "array" in node:
        return arrays[node["array"]]
    if "table" in node:
        return table_of(arrays[node["table"]].tobytes())
    if "mapping" in node:
        return {name: _unpacked(part, arrays) for name, part in node["mapping"].items()}
    if "tuple" in node:
        return tuple([_unpacked(part, arrays) for part in node["tuple"]])
    module, _, name = node["record"].partition(":")
    made = getattr(import_module(module), name) if module.startswith(OURS) else None
    if not isinstance(made, type) or not _names(made):
        raise TypeError(f"{node['record']} is no record")
    return made(**{key: _unpacked(part, arrays) for key, part in node["fields"].items()})


def _names(kind: type) -> tuple[str, ...]:
    """Of the fields of a record; none for what is no record of ours."""
    if not kind.__module__.startswith(OURS):
        return ()
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind) if field.init)
    return tuple(getattr(kind, "_fields", ())) if issubclass(kind, tuple) else ()


def _kept(array: np.ndarray, arrays: dict[str, np.ndarray]) -> str:
    name = f"a{len(arrays)}"
    arrays[name] = array
    return name


def _flat(table: pa.Table) -> np.ndarray:
    return np.frombuffer(table_bytes(table), np.uint8)
