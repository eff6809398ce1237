"""One run of a sweep in a process of its own: model, dataset, variant, seed, configs, runs, data, then settings."""

import sys
from pathlib import Path

from tfkgrec.benchmarks.grid import variant_at
from tfkgrec.benchmarks.places import Places
from tfkgrec.benchmarks.plan import planned_runs
from tfkgrec.benchmarks.sweep import base_variant, train_planned
from tfkgrec.cli import run_main


def main(argv: list[str] | None = None) -> int:
    """Train and judge it."""
    model, dataset, variant, seed, configs, runs, data_dir, *settings = sys.argv[1:] if argv is None else argv
    places = Places(Path(configs), Path(runs), Path(data_dir) if data_dir else None)
    point = dict(text.split("=", 1) for text in settings)
    one = variant_at(base_variant(variant or None, model), point)
    (run,) = planned_runs([(model, dataset, one)], [int(seed)], places)
    train_planned(run, places)
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))  # type: ignore[arg-type]
