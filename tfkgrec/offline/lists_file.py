"""Lists for many users in one file: made part by part, so that memory is bounded and a killed run goes on."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from tfkgrec.files import write_aside, write_text
from tfkgrec.offline.in_process import InProcess
from tfkgrec.offline.lists import lists_of, schema_of
from tfkgrec.offline.table_files import write_tables

PART_USERS = 1024
PLAN, UNKNOWN = "plan.txt", b"unknown_users"


class Written(NamedTuple):
    """What a file holds; `unknown` users got what is popular."""

    users: int
    rows: int
    unknown: int


def write_lists(
    model: InProcess,
    users: Sequence[str],
    k: int,
    output: Path,
    begin: Callable[[int], Callable[[int], None]] = lambda done: lambda done: None,
    part_users: int = PART_USERS,
) -> Written:
    """Write the `k` best items of all `users` to `output`, in their order.

    Parts lie in `.<name>.parts/` beside it until all are there; whoever asks the same of the same model again finds
    them, and goes on after the last one.

    Args:
        begin: is told how many users were done before, and gives what is told after every part.
        part_users: users of a part.
    """
    folder = output.with_name(f".{output.name}.parts")
    starts = range(0, len(users), part_users)
    _begin(folder, _plan(model, users, k, part_users))
    parts = {folder / f"{first:012}.arrow": users[first : first + part_users] for first in starts}
    done = sum(len(own) for part, own in parts.items() if part.exists())
    progress = begin(done)
    for part, own in parts.items():
        if not part.exists():
            _write_part(part, *lists_of(model, own, k))
            done += len(own)
            progress(done)
    rows = unknown = 0

    def tables() -> Iterator[pa.Table]:
        nonlocal rows, unknown
        for part in parts:
            table = _read(part)
            rows, unknown = rows + len(table), unknown + int(table.schema.metadata[UNKNOWN])
            yield table.replace_schema_metadata(None)

    write_tables(output, schema_of(model), tables())
    shutil.rmtree(folder)
    return Written(len(users), rows, unknown)


def _plan(model: InProcess, users: Sequence[str], k: int, part_users: int) -> str:
    """What the parts are of: the model, the users, and how they are cut."""
    with model.weights.open("rb") as file:
        weights = hashlib.file_digest(file, "blake2b").hexdigest()
    whom = hashlib.blake2b("\0".join(users).encode()).hexdigest()
    return f"model {weights}\nusers {whom}\nk {k}\npart_users {part_users}\n"


def _begin(folder: Path, plan: str) -> None:
    """An empty folder of parts, unless there is one of the same plan."""
    file = folder / PLAN
    if not (file.exists() and file.read_text(encoding="utf-8") == plan):
        shutil.rmtree(folder, ignore_errors=True)
        write_text(file, plan)


def _write_part(part: Path, table: pa.Table, unknown: int) -> None:
    told = table.replace_schema_metadata({UNKNOWN: str(unknown)})

    def write(aside: Path) -> None:
        with pa.ipc.new_file(aside, told.schema) as file:
            file.write_table(told)

    write_aside(part, write)


def _read(part: Path) -> pa.Table:
    with pa.ipc.open_file(part) as file:
        return file.read_all()
