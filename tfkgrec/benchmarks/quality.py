"""Quality over several seeds: every config's runs, their mean and standard deviation, the floors beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfkgrec.benchmarks.variants import Variant
from tfkgrec.config import load_config
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import aggregate
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import train_run
from tfkgrec.training.run_directory import RunDirectory


def measure(
    model: str,
    dataset: str,
    variant: Variant,
    seeds: Sequence[int],
    configs: Path,
    runs: Path,
    overrides: Sequence[str] = (),
    data_dir: Path | None = None,
) -> dict[str, Any]:
    """Train and evaluate one config with several seeds; a seed whose metrics.json is there already is not run again.

    Args:
        configs: folder of `<model>/<dataset>[-paper].yaml`.
        runs: where the runs lie: `<model>-<dataset>-<variant>/seed-<n>`; in shared/ the floors and vectors of a split.

    Returns:
        A row: mean and std of test and validation metrics and of the floors' test metrics, by dotted name; and the
        test metrics of every seed, for paired comparisons of rows.
    """
    path = config_path(configs, model, dataset, variant)
    results = []
    for seed in seeds:
        run = run_directory(runs, model, dataset, variant, seed)
        if not run.metrics.exists():
            config = load_config(path, [*variant.overrides, *overrides, f"training.seed={seed}"], data_dir)
            train_run(config, run, run.config.exists(), RunCache(runs / "shared"))
        results.append(read_metrics(run.metrics))
    summary = aggregate(results)
    return {
        "model": model,
        "dataset": dataset,
        "variant": variant.label,
        "config": str(path),
        "seeds": list(summary.seeds),
        "published": dict(load_config(path).published),
        "mean": {name: round(value, 5) for name, value in summary.mean.items()},
        "std": {name: None if value is None else round(value, 5) for name, value in summary.std.items()},
        "test_by_seed": {
            name: [round(value, 5) for value in values]
            for name, values in summary.values.items()
            if name.startswith("test.") and not name.endswith("_se")
        },
    }


def run_directory(runs: Path, model: str, dataset: str, variant: Variant, seed: int) -> RunDirectory:
    """Where the run of one seed lies."""
    return RunDirectory(runs / f"{model}-{dataset}-{variant.folder}" / f"seed-{seed}")


def config_path(configs: Path, model: str, dataset: str, variant: Variant) -> Path:
    """The config that a variant starts from."""
    return configs / model / f"{dataset}{variant.suffix}.yaml"
