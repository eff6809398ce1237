"""`tfkgrec benchmark reading`: CPU time and memory from files to a split, as files grow.

Interactions and half as many triples, drawn at random and written as CSV; each size is read in a process of its own.
"slope" is that of cost over size on logarithmic scales, from the row above: 1 is linear.
"""

import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from tfkgrec.benchmarks.own_process import ask, tell
from tfkgrec.cli import CommandParser
from tfkgrec.evaluation.text_table import text_table

STEPS = ("read_s", "number_s", "split_s")
COLUMNS = ("rows", *STEPS, "cpu_s", "slope", "peak_memory_mb")

Row: TypeAlias = dict[str, str | int | float]


def main(argv: Sequence[str]) -> tuple[list[Row], str]:
    """Measure what the arguments ask for; the rows, and a text for people."""
    parser = CommandParser(prog="tfkgrec benchmark reading", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 4_000_000], metavar="N", help="interactions")
    rows: list[Row] = []
    for size in sorted(parser.parse_args(argv).rows):
        with tempfile.TemporaryDirectory() as folder:
            write_files(Path(folder), size)
            row: Row = {"rows": size, **ask("tfkgrec.benchmarks.reading", folder)}
        rows.append({**row, "slope": _slope(rows[-1], row) if rows else ""})
    return rows, text_table(COLUMNS, [[f"{row[c]:,}" if row[c] != "" else "" for c in COLUMNS] for row in rows])


def _slope(before: Row, after: Row) -> float:
    cost, size = (math.log(float(after[name]) / float(before[name])) for name in ("cpu_s", "rows"))
    return round(cost / size, 2)


def write_files(folder: Path, rows: int) -> None:
    """`interactions.csv` of 20 rows a user and 50 an item on average, popular ones more; `triples.csv`."""
    import numpy as np
    import pandas as pd

    rng, items = np.random.default_rng(0), max(2, rows // 50)
    item = (rng.random(rows) ** 2 * items).astype(np.int64)
    given = {"user": rng.integers(0, rows // 20 + 1, rows), "item": item, "rating": rng.integers(1, 6, rows)}
    interactions = pd.DataFrame(given).drop_duplicates(["user", "item"])
    interactions["timestamp"] = rng.integers(10**9, 11 * 10**8, len(interactions))
    interactions["user"], interactions["item"] = (
        sign + interactions[name].astype("str") for sign, name in (("u", "user"), ("i", "item"))
    )
    interactions.to_csv(folder / "interactions.csv", index=False)
    tail = rng.integers(0, items // 2 + 1, rows // 2)
    facts = {"head": rng.integers(0, items, rows // 2), "relation": tail % 12, "tail": tail}
    triples = pd.DataFrame(facts).drop_duplicates()
    for sign, name in (("i", "head"), ("r", "relation"), ("e", "tail")):
        triples[name] = sign + triples[name].astype("str")
    triples.to_csv(folder / "triples.csv", index=False)


def _work(folder: Path) -> Row:
    from tfkgrec.config import build_config
    from tfkgrec.data.assemble import assemble
    from tfkgrec.datasets.load import load_raw
    from tfkgrec.protocols.ctr.split import split_ctr
    from tfkgrec.training.memory import peak_memory_mb

    files = {"interactions": str(folder / "interactions.csv"), "triples": str(folder / "triples.csv")}
    columns = {name: name for name in ("user", "item", "rating", "timestamp")}
    data = {"dataset": "files", **files, "columns": columns, "positive_at": 4}
    config = build_config({"model": {"name": "mf"}, "data": data})
    times = [time.process_time()]
    raw = load_raw(config.data, seed=0)
    times.append(time.process_time())
    dataset = assemble(raw, 0)
    times.append(time.process_time())
    split_ctr(dataset, 0)
    times.append(time.process_time())
    parts = {name: round(after - before, 2) for name, before, after in zip(STEPS, times, times[1:], strict=False)}
    return {**parts, "cpu_s": round(times[-1] - times[0], 2), "peak_memory_mb": round(peak_memory_mb())}


if __name__ == "__main__":
    tell(_work(Path(sys.argv[1])))
