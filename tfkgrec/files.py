"""Files that are either there in one piece or not at all."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfkgrec.errors import InputError


def check_folder(path: Path) -> None:
    """Raise `InputError` unless `path` is a folder or could become one: no part of it is a file."""
    for part in (path, *path.parents):
        if os.path.lexists(part) and not part.is_dir():
            raise InputError(f"{path}: expected a folder, or a place for one, found a file, {part}")


def write_aside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name beside `path`, then rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: Keras looks at it.
    aside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        write(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one piece."""
    write_aside(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
