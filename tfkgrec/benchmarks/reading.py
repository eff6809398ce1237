"""`tfkgrec benchmark reading`: what it takes from files to a first step of training, as files grow.

Interactions and half as many triples, drawn at random; each size is read in a process of its own. Seconds are CPU
time, but for `wall_s`: `cpu_s` to a split, `first_step_s` to make a model and compile and take its first step.
"slope" is that of `cpu_s` over the rows on logarithmic scales, from the row above: 1 is linear.
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
COLUMNS = ("format", "rows", *STEPS, "cpu_s", "slope", "first_step_s", "wall_s", "peak_memory_mb")
FORMATS = ("csv", "parquet")

Row: TypeAlias = dict[str, str | int | float]


def main(argv: Sequence[str]) -> tuple[list[Row], str]:
    """Measure what the arguments ask for; the rows, and a text for people."""
    parser = CommandParser(prog="tfkgrec benchmark reading", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 4_000_000], metavar="N", help="interactions")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=["csv"], help="of the files (default csv)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw it, both scales logarithmic (PNG)")
    options = parser.parse_args(argv)
    rows: list[Row] = []
    for kind in options.formats:
        before: Row | None = None
        for size in sorted(options.rows):
            with tempfile.TemporaryDirectory() as folder:
                write_files(Path(folder), size, kind)
                row: Row = {"format": kind, "rows": size, **ask("tfkgrec.benchmarks.reading", folder)}
            before = {**row, "slope": _slope(before, row) if before else ""}
            rows.append(before)
    if options.plot is not None:
        _draw(options.plot, rows)
    cells = [[str(row[c]) if c in ("format", "slope") else f"{row[c]:,}" for c in COLUMNS] for row in rows]
    return rows, text_table(COLUMNS, cells)


def _slope(before: Row, after: Row) -> float:
    cost, size = (math.log(float(after[name]) / float(before[name])) for name in ("cpu_s", "rows"))
    return round(cost / size, 2)


def _draw(file: Path, rows: Sequence[Row]) -> None:
    from tfkgrec.benchmarks.plots import Line, draw_growth

    lines = []
    for kind in dict.fromkeys(str(row["format"]) for row in rows):
        own = [row for row in rows if row["format"] == kind]
        sizes = [float(row["rows"]) for row in own]
        lines += [Line(f"{kind}, {part}", sizes, [float(row[part]) for row in own]) for part in (*STEPS, "cpu_s")]
    draw_growth(file, "from files to the first step", "interactions", "seconds of CPU time", lines)


def write_files(folder: Path, rows: int, kind: str = "csv") -> None:
    """`interactions` of 20 rows a user and 50 an item on average, popular ones more; `triples`."""
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
    tail = rng.integers(0, items // 2 + 1, rows // 2)
    facts = {"head": rng.integers(0, items, rows // 2), "relation": tail % 12, "tail": tail}
    triples = pd.DataFrame(facts).drop_duplicates()
    for sign, name in (("i", "head"), ("r", "relation"), ("e", "tail")):
        triples[name] = sign + triples[name].astype("str")
    for name, table in (("interactions", interactions), ("triples", triples)):
        write = table.to_csv if kind == "csv" else table.to_parquet
        write(folder / f"{name}.{kind}", index=False)


def _work(folder: Path) -> Row:
    from tfkgrec.config import build_config
    from tfkgrec.data.assemble import assemble
    from tfkgrec.datasets.load import load_raw
    from tfkgrec.runs.run import prepare
    from tfkgrec.training.memory import peak_memory_mb
    from tfkgrec.training.trainer import make_task

    files = {path.stem: str(path) for path in folder.iterdir()}
    columns = {name: name for name in ("user", "item", "rating", "timestamp")}
    data = {"dataset": "files", **files, "columns": columns, "positive_at": 4}
    config = build_config({"model": {"name": "mf"}, "data": data})
    begun, times = time.perf_counter(), [time.process_time()]
    raw = load_raw(config.data, seed=0)
    times.append(time.process_time())
    dataset = assemble(raw, 0)
    del raw
    times.append(time.process_time())
    prepared = prepare(config, dataset)
    times.append(time.process_time())
    config = prepared.settled(config)
    model = prepared.model(config)
    batches = prepared.protocol.batches(model)
    task = make_task(prepared.protocol, model, config.training, config.training.learning_rate)
    task.fit(batches.dataset().take(1), verbose=0, shuffle=False)
    times.append(time.process_time())
    names = (*STEPS, "first_step_s")
    parts = {name: round(after - before, 2) for name, before, after in zip(names, times[:-1], times[1:], strict=True)}
    whole = {"cpu_s": round(times[-2] - times[0], 2), "wall_s": round(time.perf_counter() - begun, 2)}
    return {**parts, **whole, "peak_memory_mb": round(peak_memory_mb())}


if __name__ == "__main__":
    tell(_work(Path(sys.argv[1])))
