"""Files that are either there in one piece or not at all.

A process that is killed leaves what it wrote under a name such as `.<host>-<process>.<name>`; whoever writes <name> on
the same machine next sweeps it away.
"""

import errno
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfkgrec.errors import InputError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a full disk."""


def check_folder(path: Path) -> None:
    """Raise `InputError` unless `path` is a folder or could become one: no part of it is a file."""
    for part in (path, *path.parents):
        if os.path.lexists(part) and not part.is_dir():
            raise InputError(f"{path}: expected a folder, or a place for one, found a file, {part}")


def write_aside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name beside `path`, then rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = aside_of(path)
    try:
        write(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def aside_of(path: Path) -> Path:
    """This process' name for what will be `path`, beside it; what processes that are no more left there is removed."""
    host = f".{socket.gethostname()}-"
    for left in path.parent.glob(f"{host}*"):
        process, _, name = left.name.removeprefix(host).partition(".")
        if name == path.name and process.isdigit() and not is_running(int(process)):
            remove(left)
    return path.with_name(f"{host}{os.getpid()}.{path.name}")  # the suffix stays last: Keras looks at it


def is_running(process: int) -> bool:
    """Whether this machine has a process of that number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def remove(path: Path) -> None:
    """A file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one piece."""
    write_aside(path, lambda aside: aside.write_text(text, encoding="utf-8"))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Around the reading of a file that we wrote: whatever a damaged one makes its reader raise is one line.

    Raises:
        InputError: for every exception but such.
    """
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: expected this file, found none") from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:  # a reader unpacked something: the disk's fault
            raise
        found = f"{type(error).__name__}: {(str(error).strip() or 'nothing said').splitlines()[0][:160]}"
        raise InputError(f"{path}: expected the file as it was written, found a damaged one ({found})") from error


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file of ours holds."""
    with reading(path):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise TypeError("no object")
    return content


def read_arrays(path: Path) -> dict[str, Any]:
    """The arrays of an .npz of ours, by name."""
    import numpy as np  # here: the client does without this module's arrays

    with reading(path), path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
