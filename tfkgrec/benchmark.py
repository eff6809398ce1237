"""`tfkgrec benchmark`: quality over seeds, and speed. Run it alone: the machine's other work goes into the figures."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfkgrec import registry
from tfkgrec.benchmarks.parallel_jobs import Job, run_jobs
from tfkgrec.cli import add_set_argument, run_main

DATASETS = ("lastfm", "book-crossing", "ml-1m")  # of the papers on clicks, and so the default
SPEED_COLUMNS = (
    "model",
    "dataset",
    "train_examples_per_second",
    "pipeline_examples_per_second",
    "rank_users_per_second",
    "peak_memory_mb",
    "floor_ratio",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a table, write the rows when asked."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["serving"]:  # these two have arguments of their own
        return _serving(argv[1:])
    if argv[:1] == ["tables"]:
        return _tables(argv[1:])
    parser = argparse.ArgumentParser(
        prog="tfkgrec benchmark",
        description="Measure quality or speed.",
        epilog="`benchmark serving` and `benchmark tables` have arguments of their own: see their --help.",
    )
    parser.add_argument("what", choices=("quality", "speed"))
    parser.add_argument("--models", nargs="+", choices=models(), default=["dink"], help="default: dink")
    parser.add_argument("--datasets", nargs="+", choices=datasets(), default=list(DATASETS))
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="quality: how many (default 3)")
    # Seed 0 is for tuning: choices are made on its validation split, so its test split is no unseen one.
    parser.add_argument("--first-seed", type=int, default=1, metavar="S", help="quality: seeds S..S+N-1 (default 1)")
    parser.add_argument(
        "--variants", nargs="+", metavar="NAME", help="quality: paper-fixed paper-fresh tuned-fixed ..."
    )
    parser.add_argument(
        "--ablations", action="store_true", help="quality: also our settings less one part of the paper"
    )
    parser.add_argument("--configs", type=Path, default=Path("configs"), metavar="DIR")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="quality: where runs lie"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="speed: length of each measurement (default 15)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="quality: runs side by side (default 1)")
    add_set_argument(parser)
    parser.add_argument("--data-dir", type=Path, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    options = parser.parse_args(argv)
    if options.workers < 1:
        parser.error(f"argument --workers: expected 1 or more, found {options.workers}")
    rows, text = (_quality if options.what == "quality" else _speed)(options)
    _tell(rows, text, options.json)
    return 0


def models() -> list[str]:
    """What can be measured, MF aside, which is measured with everything."""
    return [name for name in registry.models() if name != "mf"]


def datasets() -> list[str]:
    """What can be measured on: the datasets but one's own files, and another split of one."""
    return [name for name in registry.datasets() if name != "files"] + ["ml-1m-session"]


def real_datasets() -> list[str]:
    """Those that no seed draws."""
    return [name for name in datasets() if name not in registry.datasets() or not registry.dataset(name).synthetic]


def _serving(argv: Sequence[str]) -> int:
    from tfkgrec.benchmarks import serving

    _tell(*serving.main(argv))
    return 0


def _tables(argv: Sequence[str]) -> int:
    """Nothing is trained: `quality` did that."""
    parser = argparse.ArgumentParser(
        prog="tfkgrec benchmark tables",
        description="Write what finished runs measured into configs/<model>/results.json, the README and the headers.",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], metavar="S", help="default: 1 2 3")
    parser.add_argument("--configs", type=Path, default=Path("configs"), metavar="DIR")
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="where runs lie")
    parser.add_argument("--readme", type=Path, default=Path("README.md"), metavar="FILE")
    options = parser.parse_args(argv)
    from tfkgrec.benchmarks import results

    known = {
        name: results.collect(name, real_datasets(), options.seeds, options.configs, options.runs) for name in models()
    }
    rows = [row for name in models() for row in known[name]]
    results.write_tables(options.readme, rows)
    for name, of_model in known.items():
        if of_model:
            _write(results.results_file(options.configs, name), of_model)
    for row in rows:
        results.write_header(options.configs, row)
    print(f"{len(rows)} rows in {options.readme} and {options.configs}/*/results.json")
    return 0


def _tell(rows: list[dict[str, Any]], text: str, file: Path | None) -> None:
    print(text)
    if file is not None:
        _write(file, rows)


def _write(file: Path, rows: list[dict[str, Any]]) -> None:
    from tfkgrec.files import write_text

    write_text(file, json.dumps({"device": device(), "rows": rows}, indent=1))


def device() -> str:
    """The machine, in words."""
    import os

    return f"{platform.machine()} CPU, {len(os.sched_getaffinity(0))} cores, {platform.system()}"


def _quality(options: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    from tfkgrec.benchmarks import quality, tables
    from tfkgrec.benchmarks.variants import ablations_of, variant, variants_of

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    asked = []
    for dataset in options.datasets:
        for model in options.models:
            names = list(options.variants or variants_of(model))
            names += [name for name in ablations_of(model) if options.ablations and name not in names]
            asked += [(model, dataset, name, variant(model, name)) for name in names]  # a mistake shows before any work
    if options.workers > 1:
        jobs = [
            _job(options, model, dataset, name, seed)
            for model, dataset, name, row in asked
            for seed in seeds
            if not quality.run_directory(options.runs, model, dataset, row, seed).metrics.exists()
        ]
        run_jobs(jobs, options.workers)
    rest = (seeds, options.configs, options.runs, options.overrides, options.data_dir)
    rows = [quality.measure(model, dataset, row, *rest) for model, dataset, _, row in asked]
    return rows, tables.as_text(tables.tables(rows))


def _job(options: argparse.Namespace, model: str, dataset: str, variant: str, seed: int) -> Job:
    """This command for a single run."""
    command = [sys.executable, "-m", "tfkgrec.benchmark", "quality", "--models", model, "--datasets", dataset]
    command += ["--variants", variant, "--seeds", "1", "--first-seed", str(seed)]
    command += ["--configs", str(options.configs), "--runs", str(options.runs)]
    command += [] if options.data_dir is None else ["--data-dir", str(options.data_dir)]
    command += ["--set", *options.overrides] if options.overrides else []
    name = f"{model}-{dataset}-{variant}-seed-{seed}"
    return Job(name, command, options.runs / "logs" / f"{name}.log")


def _speed(options: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    from tfkgrec.benchmarks import speed
    from tfkgrec.evaluation.text_table import text_table

    data_dir = None if options.data_dir is None else str(options.data_dir)
    for dataset in options.datasets:
        for model in options.models:
            speed.settings_of(model, dataset, options.overrides, data_dir)  # a mistake shows before any work
    rows = []
    for dataset in options.datasets:
        for_all = [text for text in options.overrides if not text.startswith("model.")]
        floor = speed.measure("mf", dataset, options.seconds, data_dir, for_all)
        group = [
            speed.measure(model, dataset, options.seconds, data_dir, options.overrides) for model in options.models
        ]
        for row in (*group, floor):
            # How the model's training speed compares with plain matrix factorisation in the same loop.
            row["floor_ratio"] = round(row["train_examples_per_second"] / floor["train_examples_per_second"], 3)
            rows.append(row)
    cells = [[f"{row[c]:,}" if not isinstance(row[c], str) else row[c] for c in SPEED_COLUMNS] for row in rows]
    return rows, text_table(SPEED_COLUMNS, cells, names=2)


if __name__ == "__main__":
    sys.exit(run_main(main))
