"""`tfkgrec benchmark lists RUN`: `recommend --output` beside the catalogue's bare scores, without lists and files.

Both are asked about the same users, block by block in turn. Speeds are users in a second of the processors' time, since
that of the clock tells what else the machine does; "ratio" is theirs.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tfkgrec.evaluation.text_table import text_table
from tfkgrec.tf_logging import quiet_import

COLUMNS = ("model", "dataset", "items", "users", "k", "scores_users_cpu_s", "lists_users_cpu_s", "ratio")

Row: TypeAlias = dict[str, str | int | float]


def main(argv: Sequence[str]) -> tuple[list[Row], str]:
    """Measure what the arguments ask for; the rows, and a text for people."""
    parser = argparse.ArgumentParser(prog="tfkgrec benchmark lists", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="trained runs, whose data are at hand")
    parser.add_argument("--k", type=int, default=100, help="items of a list (default: %(default)s)")
    parser.add_argument("--users", type=int, default=4096, metavar="N", help="how many at most (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each at least (default: %(default)s)")
    options = parser.parse_args(argv)
    rows = [measure(run, options.k, options.users, options.seconds) for run in options.runs]
    return rows, text_table(COLUMNS, [[_cell(row[name]) for name in COLUMNS] for row in rows], names=2)


def _cell(value: str | int | float) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def measure(path: Path, k: int, users: int, seconds: float) -> Row:
    """Users a second, of both."""
    with quiet_import():
        import numpy as np

        from tfkgrec.offline.in_process import open_in_process
        from tfkgrec.offline.lists_file import PART_USERS, write_lists
        from tfkgrec.runs.run import load_run, prepare

    config, _, model = load_run(path)
    prepared, answers = prepare(config), open_in_process(path, k)
    known = answers.users()[:users]
    spent, passes = {"scores": 0.0, "lists": 0.0}, -1
    with tempfile.TemporaryDirectory() as folder:
        while min(spent.values()) < seconds:
            passes += 1
            for first in range(0, len(known), PART_USERS):
                block, output = known[first : first + PART_USERS], Path(folder) / "recs.parquet"
                inner = np.arange(first + 1, first + len(block) + 1, dtype=np.int32)
                calls: dict[str, Callable[[], object]] = {
                    "scores": partial(prepared.protocol.score_catalogue, model, inner),
                    "lists": partial(write_lists, answers, block, k, output),
                }
                for name, call in calls.items():
                    begun = time.process_time()
                    call()
                    spent[name] += (time.process_time() - begun) * (passes > 0)  # in the first one all is compiled
    return {
        "model": config.model.name,
        "dataset": config.data.dataset,
        "items": prepared.dataset.num_items,
        "users": len(known),
        "k": k,
        **{f"{name}_users_cpu_s": round(len(known) * passes / spent[name], 1) for name in spent},
        "ratio": round(spent["scores"] / spent["lists"], 2),
    }
