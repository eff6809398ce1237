"""A row that is measured in a process of its own, so that its peak memory is its own."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

MARK = "measured row: "


def ask(module: str, argument: str) -> dict[str, Any]:
    """What `python -m module argument` tells; what else it prints is left out."""
    done = subprocess.run([sys.executable, "-m", module, argument], stdout=subprocess.PIPE, text=True, check=True)
    return said_by(done.stdout)


def said_by(printed: str) -> dict[str, Any]:
    """The row among other lines."""
    line = next(line for line in printed.splitlines() if line.startswith(MARK))
    found: dict[str, Any] = json.loads(line.removeprefix(MARK))
    return found


def tell(row: Mapping[str, Any]) -> None:
    """Print the row for who asked."""
    print(MARK + json.dumps(row))
