"""Versions on disk are immutable: written aside, put in place by one rename, never overwritten.

A process that is killed leaves a `.writing-<host>-<process>` folder, which no server looks at (versions are numbers)
and the next export of the same machine sweeps away.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfkgrec.errors import InputError
from tfkgrec.files import is_running

_PREFIX = ".writing-"


@contextmanager
def writing_folder(base: Path) -> Iterator[Path]:
    """A folder name beside the versions in `base`, gone at the end unless it has been published."""
    base.mkdir(parents=True, exist_ok=True)
    sweep(base)
    aside = base / f"{_PREFIX}{socket.gethostname()}-{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)  # of a process long dead that had our number
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sweep(base: Path) -> None:
    """Remove what processes of this machine that are no more have left half-written."""
    for left in base.glob(f"{_PREFIX}*"):
        host, _, process = left.name.removeprefix(_PREFIX).rpartition("-")
        if host == socket.gethostname() and process.isdigit() and not is_running(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def publish(aside: Path, base: Path, version: int | None = None) -> Path:
    """Rename `aside` into `base/<version>`, by default the next number; another export may take that first.

    Raises:
        InputError: the version exists.
        OSError: the folder cannot be renamed.
    """
    _to_disk(aside)
    while True:
        if version is not None:
            require_new(base, version)
        target = base / str(version if version is not None else max(_taken(base), default=0) + 1)
        try:
            os.rename(aside, target)
        except OSError:
            if not target.exists():
                raise
        else:
            return target


def require_new(base: Path, version: int) -> None:
    """Raise `InputError` if there is a version of that number."""
    if base.is_dir() and version in _taken(base):
        raise InputError(f"{base / str(version)}: expected a new version: none is ever overwritten")


def _taken(base: Path) -> set[int]:
    return {int(child.name) for child in base.iterdir() if child.name.isascii() and child.name.isdigit()}


def _to_disk(folder: Path) -> None:
    """A version that is there is there after a power failure too."""
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
