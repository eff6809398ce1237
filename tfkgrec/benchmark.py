"""`tfkgrec benchmark`: quality over seeds, and speed. Run it alone: the machine's other work goes into the figures."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfkgrec.cli import run_main
from tfkgrec.errors import InputError

MODELS = ("dink",)
DATASETS = ("lastfm", "book-crossing", "ml-1m")
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
    parser = argparse.ArgumentParser(prog="tfkgrec benchmark", description="Measure quality or speed.")
    parser.add_argument("what", choices=("quality", "speed"))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--datasets", nargs="+", choices=(*DATASETS, "synthetic"), default=list(DATASETS))
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="quality: seeds 0..N-1 (default 3)")
    parser.add_argument(
        "--variants", nargs="+", metavar="NAME", help="quality: paper-fixed paper-fresh tuned-fixed ..."
    )
    parser.add_argument("--configs", type=Path, default=Path("configs"), metavar="DIR")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="quality: where runs lie"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="speed: length of each measurement (default 15)")
    parser.add_argument("--set", dest="overrides", action="extend", nargs="+", default=[], metavar="section.key=value")
    parser.add_argument("--data-dir", type=Path, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    options = parser.parse_args(argv)
    rows, text = (_quality if options.what == "quality" else _speed)(options)
    print(text)
    if options.json is not None:
        from tfkgrec.training.run_directory import write_text

        write_text(options.json, json.dumps({"device": device(), "rows": rows}, indent=1))
    return 0


def device() -> str:
    """The machine, in words."""
    import os

    return f"{platform.machine()} CPU, {len(os.sched_getaffinity(0))} cores, {platform.system()}"


def _quality(options: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    from tfkgrec.benchmarks import quality

    variants = {name.replace(", ", "-").removesuffix(" negatives"): name for name in quality.VARIANTS}
    for name in options.variants or ():
        if name not in variants:
            raise InputError(f"--variants: expected some of {', '.join(variants)}, found {name!r}")
    rows = [
        quality.measure(
            model,
            dataset,
            variants[variant],
            range(options.seeds),
            options.configs,
            options.runs,
            options.overrides,
            options.data_dir,
        )
        for dataset in options.datasets
        for model in options.models
        for variant in options.variants or variants
    ]
    return rows, quality.table(rows)


def _speed(options: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    from tfkgrec.benchmarks import speed
    from tfkgrec.evaluation.report import align

    settings = dict(text.split("=", 1) for text in options.overrides)
    data_dir = None if options.data_dir is None else str(options.data_dir)
    rows = []
    for dataset in options.datasets:
        floor = speed.measure("mf", dataset, options.seconds, data_dir, _for_floor(settings))
        group = [speed.measure(model, dataset, options.seconds, data_dir, settings) for model in options.models]
        for row in (*group, floor):
            # How the model's training speed compares with plain matrix factorisation in the same loop.
            row["floor_ratio"] = round(row["train_examples_per_second"] / floor["train_examples_per_second"], 3)
            rows.append(row)
    lines = [
        list(SPEED_COLUMNS),
        *([f"{row[c]:,}" if not isinstance(row[c], str) else row[c] for c in SPEED_COLUMNS] for row in rows),
    ]
    return rows, align(lines, names=2)


def _for_floor(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that concern every model."""
    return {key: value for key, value in settings.items() if not key.startswith("model.")}


if __name__ == "__main__":
    sys.exit(run_main(main))
