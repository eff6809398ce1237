"""Quality over several seeds: every config's runs, their mean and standard deviation, the floors beside them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tfkgrec.benchmarks.variants import Variant
from tfkgrec.config import load_config
from tfkgrec.evaluation.report import CTR_COLUMNS, align, read_metrics
from tfkgrec.evaluation.summary import aggregate
from tfkgrec.training.run import train_run
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
        runs: where the runs lie: `<model>-<dataset>-<variant>/seed-<n>`.

    Returns:
        A row: mean and std of test and validation metrics and of the floors' test metrics, by dotted name.
    """
    path = config_path(configs, model, dataset, variant)
    folder = runs / f"{model}-{dataset}-{variant.folder}"
    results = []
    for seed in seeds:
        run = RunDirectory(folder / f"seed-{seed}")
        if not run.metrics.exists():
            config = load_config(path, [*variant.overrides, *overrides, f"training.seed={seed}"], data_dir)
            train_run(config, run, resume=run.config.exists())
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
    }


def config_path(configs: Path, model: str, dataset: str, variant: Variant) -> Path:
    """The config that a variant starts from."""
    return configs / model / f"{dataset}{variant.suffix}.yaml"


def table(rows: Iterable[dict[str, Any]]) -> str:
    """The rows for people, the floors before the models."""
    lines = [["dataset", "", "seeds", *CTR_COLUMNS.values()]]
    by_dataset: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_dataset.setdefault(row["dataset"], []).append(row)
    for dataset, group in by_dataset.items():
        published = group[0]["published"]
        lines.append([dataset, "published", "", *(str(published.get(key, "-")) for key in CTR_COLUMNS)])
        for row in group:
            for floor in dict.fromkeys(name.split(".")[1] for name in row["mean"] if name.startswith("floors.")):
                lines.append([dataset, floor, str(len(row["seeds"])), *_figures(row, f"floors.{floor}")])
        for row in group:
            lines.append([dataset, f"{row['model']}, {row['variant']}", str(len(row["seeds"])), *_figures(row, "test")])
    return align(lines, names=2)


def _figures(row: dict[str, Any], prefix: str) -> list[str]:
    cells = []
    for key in CTR_COLUMNS:
        mean, std = row["mean"].get(f"{prefix}.{key}"), row["std"].get(f"{prefix}.{key}")
        cells.append("-" if mean is None else f"{mean:.4f}" + ("" if std is None else f" +- {std:.4f}"))
    return cells
