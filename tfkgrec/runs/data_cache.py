"""Prepared data, kept in a folder so that the next start over the same files and settings takes seconds.

An entry is named by digests of the files' content, of the settings that reading and splitting follow, and of the code
that does it: change one of them, and there is another entry.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import tfkgrec
from tfkgrec import registry
from tfkgrec.config import Config, Section
from tfkgrec.data.record_file import read_record, write_record
from tfkgrec.datasets.folders import dataset_folder
from tfkgrec.datasets.own_files.sources import parts_of
from tfkgrec.errors import InputError
from tfkgrec.files import check_folder
from tfkgrec.progress import say

MADE_BY = ("config", "data", "datasets", "evaluation", "protocols")
"""Rooms whose code decides what an entry holds."""
SECTIONS = ("data", "training", "evaluation")

Kept = TypeVar("Kept")


def kept_data(folder: Path, config: Config, make: Callable[[], Kept]) -> Kept:
    """What an earlier start left in `folder` of the same data, or else what `make` makes of them, which is then kept.

    Raises:
        InputError: the data have no files whose content could be compared, or `folder` is none.
    """
    check_folder(folder)
    data = config.data
    file = folder / f"{data.dataset}-{data.protocol}-{_digest(config)}.npz"
    if file.exists():
        try:
            found: Kept = read_record(file)
        except InputError as error:
            say(f"made anew: {error}")
        else:
            say(f"prepared data: {file}")
            return found
    made = make()
    write_record(file, made)
    say(f"prepared data, kept for the next start: {file}")
    return made


def _digest(config: Config) -> str:
    digest = hashlib.blake2b(digest_size=16)
    settings = config.to_dict()
    own = {name: settings[name] for name in SECTIONS}
    digest.update(json.dumps(own, sort_keys=True, default=str).encode())
    for file in (*_files(config), *_code()):
        with file.open("rb") as stream:
            digest.update(f"{file.name}\0".encode() + hashlib.file_digest(stream, "blake2b").digest())
    return digest.hexdigest()


def _files(config: Config) -> list[Path]:
    """All that is read of the disk."""
    data, spec = config.data, registry.dataset(config.data.dataset)
    if getattr(data.source, "queries", None):
        raise InputError("--data-cache: expected files, whose content can be compared, found data.queries")
    paths = sorted(_paths(data.source))
    if paths:
        return [file for path in paths for part in parts_of(path) for file in _within(part)]
    return [] if spec.synthetic else _within(dataset_folder(spec.name, data.data_dir))


def _paths(settings: Section) -> Iterator[Path]:
    """Of the settings and of the sections in them."""
    for value in vars(settings).values():
        if isinstance(value, Path):
            yield value
        elif isinstance(value, Section):
            yield from _paths(value)


def _within(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _code() -> list[Path]:
    root = Path(tfkgrec.__file__).parent
    return [root / "__init__.py", *sorted(file for room in MADE_BY for file in (root / room).rglob("*.py"))]
