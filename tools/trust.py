"""What docs/trust.md tells, measured: `python tools/trust.py mutate | kill | ...`, each with a --help of its own."""

import importlib
import sys
from collections.abc import Sequence

from tfkgrec.cli import run_main
from tfkgrec.errors import InputError

WHAT = {
    "mutate": "broken input files and configs: each works, or is refused in one line",
    "damage": "runs and exports with a damaged file: an answer, or one line",
    "supply": "what each dependency is for and its licence, into docs/supply-chain.md",
    "serve": "the server while versions change, readers are slow, a crowd knocks, a certificate has expired",
    "kill": "commands killed at random moments and given again: the same result, nothing half-written",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Hand what follows the first word to the module of that name."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in WHAT:
        told = "; ".join(f"{name}: {text}" for name, text in WHAT.items())
        raise InputError(f"tools/trust.py: expected one of these first: {told}")
    found: int = importlib.import_module(f"trust_{argv[0]}").main(argv[1:])
    return found


if __name__ == "__main__":
    sys.exit(run_main(main))
