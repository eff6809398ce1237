"""Files wherever a path points: on this machine, or on a filesystem that Arrow opens (`gs://`, `s3://`, `hdfs://`,
`abfs://`), as the engines' workers share them.

What is made shard by shard is made in a folder beside its place and moved there whole: it is complete or absent.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet
from pyarrow import fs

from tfkgrec.errors import InputError

ROWS = b"rows"
BEGUN = ".begun"
"""In a folder that may be deleted, as nothing but half done work is in it."""
DONE = "_SUCCESS"
"""Of a folder on a filesystem that cannot rename one: there once all files are. Hadoop's name, which readers skip."""


def storage(path: str | Path) -> tuple[fs.FileSystem, str]:
    """The filesystem that a path is of, and the path on it.

    Raises:
        InputError: nothing here opens such a path.
    """
    text = str(path)
    if "://" not in text:
        return fs.LocalFileSystem(), str(Path(text).absolute())
    try:
        found: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(text)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InputError(f"{text}: expected a filesystem that Arrow opens, found: {error}") from None
    return found


def below(folder: str | Path, name: str) -> str:
    """The path of a file in a folder."""
    return f"{str(folder).rstrip('/')}/{name}"


def files_of(path: str | Path) -> list[str]:
    """The files that a path stands for, sorted: itself, those in this folder, or those of this pattern.

    Raises:
        InputError: there are none.
    """
    text = str(path)
    system, place = storage(text)
    lead = text[: -len(place)] if text.endswith(place) else ""  # "gs://", as its filesystem leaves it out
    info = system.get_file_info(place)
    if info.type == fs.FileType.File:
        return [text]
    folder = place if info.type == fs.FileType.Directory else place.rpartition("/")[0]
    inside = system.get_file_info(fs.FileSelector(folder, allow_not_found=True, recursive=folder == place))
    found = [one.path for one in inside if one.type == fs.FileType.File and one.base_name[0] not in "._"]
    if folder != place:
        found = [one for one in found if Path(one).match(place.rpartition("/")[2])]
    if not found:
        raise InputError(f"{text}: expected this file, a folder of files or a pattern of them, found none")
    return sorted(lead + one for one in found)


def anywhere(path: str | Path) -> str:
    """The path as every process on this machine reads it, whatever folder it is in."""
    return str(path) if "://" in str(path) else str(Path(path).absolute())


def exists(path: str | Path) -> bool:
    """Whether a file or a folder is there."""
    system, place = storage(path)
    return bool(system.get_file_info(place).type != fs.FileType.NotFound)


@contextmanager
def local_copy(path: str | Path) -> Iterator[Path]:
    """A file or a folder as one of this machine: itself if it is, else a copy for as long as it is looked at."""
    system, place = storage(path)
    if isinstance(system, fs.LocalFileSystem):
        yield Path(place)
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / place.rstrip("/").rpartition("/")[2]
        fs.copy_files(place, str(copy), source_filesystem=system, destination_filesystem=fs.LocalFileSystem())
        yield copy


def read_table(path: str | Path, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file."""
    system, place = storage(path)
    return pyarrow.parquet.read_table(place, columns=columns, filesystem=system, partitioning=None)


def read_metadata(path: str | Path) -> dict[bytes, bytes]:
    """What the schema of a Parquet file tells beside the columns, and how many `ROWS` it has."""
    system, place = storage(path)
    with system.open_input_file(place) as file:
        found = pyarrow.parquet.read_metadata(file)
    return {**(found.metadata or {}), ROWS: str(found.num_rows).encode()}


def write_table(path: str | Path, table: pa.Table) -> None:
    """Write a Parquet file in one piece, its folder with it."""
    _write(path, lambda system, aside: pyarrow.parquet.write_table(table, aside, filesystem=system))


def read_json(path: str | Path) -> Any:
    """What a JSON file holds."""
    system, place = storage(path)
    with system.open_input_stream(place) as file:
        return json.loads(file.read())


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file in one piece, its folder with it."""

    def write(system: fs.FileSystem, aside: str) -> None:
        with system.open_output_stream(aside) as file:
            file.write(content)

    _write(path, write)


def write_json(path: str | Path, content: object) -> None:
    """Write a JSON file in one piece."""
    write_bytes(path, (json.dumps(content, indent=2) + "\n").encode())


def delete(folder: str | Path) -> None:
    """Delete a folder, if it is there."""
    system, place = storage(folder)
    if system.get_file_info(place).type == fs.FileType.Directory:
        system.delete_dir(place)


def begin(folder: str | Path) -> None:
    """An empty folder to work in; what a run that was cut left there goes, and nothing else does.

    Raises:
        InputError: there is one that none of ours began.
    """
    mark = below(folder, BEGUN)
    if exists(folder) and not exists(mark):
        raise InputError(f"{folder}: expected a place to work in, found something that is not of an earlier run")
    delete(folder)
    write_bytes(mark, b"")


def publish(folder: str, place: str) -> None:
    """Move a folder to its place, where none is: in one step where the filesystem can, else by files, `DONE` last."""
    (system, source), (_, target) = storage(folder), storage(place)
    if isinstance(system, fs.LocalFileSystem | fs.HadoopFileSystem):
        write_bytes(below(folder, DONE), b"")
        system.move(source, target)
        return
    files = [one.path for one in system.get_file_info(fs.FileSelector(source)) if one.type == fs.FileType.File]
    system.create_dir(target, recursive=True)
    for path in sorted(files, key=lambda path: path.endswith(".json")):  # who reads a manifest finds what it tells of
        system.move(path, target + path[len(source) :])
    delete(folder)
    write_bytes(below(place, DONE), b"")


def _write(path: str | Path, write: Any) -> None:
    system, place = storage(path)
    folder, _, name = place.rpartition("/")
    system.create_dir(folder, recursive=True)
    aside = f"{folder}/.{name}.{uuid4().hex[:12]}"  # two workers may make the same shard, one in place of the other
    try:
        write(system, aside)
        system.move(aside, place)
    except BaseException:
        if system.get_file_info(aside).type == fs.FileType.File:
            system.delete_file(aside)
        raise
