"""Measure what `model: {name: X}` gives on data that nobody tuned it on, beside `preset: paper` and the baselines.

python tools/defaults_study.py --models dink hkrm --seeds 1 2 3 --runs runs/defaults

Settings were chosen on validation with seed 0; the table is of the test part and of other seeds. A run that is there is
not run again.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tfkgrec import registry
from tfkgrec.cli import run_main
from tfkgrec.config import Config, build_config
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import Summary, aggregate
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import train_run
from tfkgrec.training.run_directory import RunDirectory

WORLDS: dict[str, dict[str, float]] = {
    "quickstart": {},
    "sparse": {"users": 2000, "items": 1500, "positives_per_user": 6},
    "untold": {"untold": 0.6},  # the graph tells two fifths of a film's character
    "popular": {"users": 1000, "items": 800, "positives_per_user": 15, "popularity_spread": 1.8, "taste_spread": 1.2},
}
"""Planted worlds of four kinds; their sizes are those of quickstart where nothing is said."""
DATASETS = {name: {"dataset": "synthetic", "synthetic": world} for name, world in WORLDS.items()}
DATASETS |= {name: {"dataset": name} for name in ("ml-100k", "lastfm", "book-crossing")}
PAPER = "paper"


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(
        description="Defaults and papers' settings, beside the baselines, on several sets."
    )
    parser.add_argument("--models", nargs="+", default=list(registry.models()), metavar="MODEL")
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS), choices=DATASETS, metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3], metavar="SEED")
    parser.add_argument("--runs", type=Path, default=Path("runs/defaults"), metavar="DIR")
    options = parser.parse_args(argv)
    rows = [
        [dataset, model, *_cells(model, dataset, options.seeds, options.runs)]
        for dataset in options.datasets
        for model in options.models
    ]
    print(text_table(["data", "model", "default", "paper", "baselines"], rows))
    return 0


def _cells(model: str, dataset: str, seeds: Sequence[int], runs: Path) -> Iterator[str]:
    """Of the table: default, paper, and all baselines, in the first figure of the protocol."""
    protocol = registry.protocol(registry.model(model).protocols[0])
    figure = next(iter(protocol.headline.values()))
    of_floor = figure.removeprefix("test.")
    default = _summary(model, dataset, None, seeds, runs)
    yield _spread(default, figure)
    has_paper = PAPER in registry.model(model).presets
    yield _spread(_summary(model, dataset, PAPER, seeds, runs), figure) if has_paper else "-"
    names = [name for name in protocol.baselines if f"floors.{name}.{of_floor}" in default.mean]
    yield ", ".join(f"{name} {_spread(default, f'floors.{name}.{of_floor}')}" for name in names)


def _spread(summary: Summary, figure: str) -> str:
    """Mean and standard deviation over the seeds."""
    std = summary.std[figure]
    return f"{summary.mean[figure]:.4f}" + ("" if std is None else f" ± {std:.4f}")


def _summary(model: str, dataset: str, preset: str | None, seeds: Sequence[int], runs: Path) -> Summary:
    return aggregate([_metrics(model, dataset, preset, seed, runs) for seed in seeds])


def _metrics(model: str, dataset: str, preset: str | None, seed: int, runs: Path) -> dict[str, Any]:
    """Of a run, which is made where it is missing; baselines stand with the default's."""
    run = RunDirectory(runs / dataset / model / (preset or "default") / str(seed))
    if not run.metrics.exists() or "floors" not in read_metrics(run.metrics):
        train_run(_config(model, dataset, preset, seed), run, run.config.exists(), RunCache(runs / "shared"))
    return read_metrics(run.metrics)


def _config(model: str, dataset: str, preset: str | None, seed: int) -> Config:
    data = {**DATASETS[dataset], "protocol": registry.model(model).protocols[0]}
    raw: dict[str, Any] = {"model": {"name": model, "preset": preset}, "data": data}
    if preset is not None:
        raw["evaluation"] = {"floors": []}
    # XLA compiles longer than most of these models train
    return build_config(raw, [f"training.seed={seed}", "training.jit_compile=false"])


if __name__ == "__main__":
    sys.exit(run_main(main))
