"""Floors measured once for all the runs over one split: the trained ones cost more than many a model."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfkgrec.config import Config
from tfkgrec.evaluation.report import write_metrics
from tfkgrec.training.protocols import Metrics, TrainingProtocol


class FloorStore:
    """Reads the floors of a split from a folder, and measures and keeps those that are not there.

    Like a finished run, a kept floor does not know that the code has changed since: delete the folder to measure anew.

    Args:
        folder: None keeps nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def floors(self, config: Config, protocol: TrainingProtocol, top_k: bool) -> dict[str, Metrics]:
        """The config's floors, in its order: name -> part -> figures."""
        names = config.evaluation.floors or ()
        if self.folder is None:
            return protocol.floors(names, top_k)
        key = _key(config, protocol, top_k)
        found: dict[str, Metrics] = {}
        for name in names:
            file = self.folder / f"{config.data.dataset}-{name}-{key}.json"
            if file.exists():
                found[name] = json.loads(file.read_text())
                continue
            measured = protocol.floors([name], top_k)
            if name in measured:  # MF is no floor of itself
                self.folder.mkdir(parents=True, exist_ok=True)
                write_metrics(file, measured[name])
            found |= measured
        return found


def _key(config: Config, protocol: TrainingProtocol, top_k: bool) -> str:
    """Of all that a floor's figures depend on: the split itself and what the trained floors take over from a run."""
    training = config.training
    settings = [config.model.name == "mf", training.seed, training.negatives_from, training.learning_rate_decay, top_k]
    digest = hashlib.blake2b(repr([config.data.protocol, *settings]).encode(), digest_size=8)
    for name, array in _arrays(protocol.splits):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _arrays(record: Any, above: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays and numbers of a record, and of the records in it, with their names."""
    for field in dataclasses.fields(record):
        value, name = getattr(record, field.name), f"{above}{field.name}"
        if dataclasses.is_dataclass(value):
            yield from _arrays(value, f"{name}.")
        elif isinstance(value, np.ndarray | int | float | str):
            yield name, np.asarray(value)
