"""Quality over several seeds: every config's runs, their mean and standard deviation, the floors beside them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tfkgrec.benchmarks.variants import Variant
from tfkgrec.config import load_config
from tfkgrec.evaluation.report import CTR_COLUMNS, LIST_COLUMNS, align, read_metrics
from tfkgrec.evaluation.summary import aggregate
from tfkgrec.training.run import train_run
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.shared_work import SharedWork


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
    folder = runs / f"{model}-{dataset}-{variant.folder}"
    results = []
    for seed in seeds:
        run = RunDirectory(folder / f"seed-{seed}")
        if not run.metrics.exists():
            config = load_config(path, [*variant.overrides, *overrides, f"training.seed={seed}"], data_dir)
            train_run(config, run, run.config.exists(), SharedWork(runs / "shared"))
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


def config_path(configs: Path, model: str, dataset: str, variant: Variant) -> Path:
    """The config that a variant starts from."""
    return configs / model / f"{dataset}{variant.suffix}.yaml"


def table(rows: Iterable[dict[str, Any]]) -> str:
    """The rows for people: by dataset and set of candidates, what is published first, then the floors, the models."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        for candidates in _candidates(row):
            groups.setdefault((row["dataset"], candidates), []).append(row)
    return "\n\n".join(_group(*key, group) for key, group in groups.items())


def _candidates(row: dict[str, Any]) -> list[str]:
    """What a row's test figures are about: "" for labelled pairs, or "sampled", "full", "full_cold" ..."""
    parts = [name.split(".") for name in row["mean"] if name.startswith("test.")]
    return list(dict.fromkeys("" if len(part) == 2 else part[1] for part in parts))


def _group(dataset: str, candidates: str, group: list[dict[str, Any]]) -> str:
    within = f".{candidates}" if candidates else ""
    known = LIST_COLUMNS if candidates else CTR_COLUMNS
    columns = {key: title for key, title in known.items() if any(f"test{within}.{key}" in row["mean"] for row in group)}
    title = f"{dataset}, {candidates.replace('_', ' ')}" if candidates else dataset
    lines = [[title, "seeds", *columns.values()]]
    published = group[0]["published"]
    if any(key in published for key in columns) and candidates != "full_cold":
        lines.append(["published", "", *(str(published.get(key, "-")) for key in columns)])
    for row in group:
        for floor in dict.fromkeys(name.split(".")[1] for name in row["mean"] if name.startswith("floors.")):
            lines.append([floor, str(len(row["seeds"])), *_figures(row, f"floors.{floor}{within}", columns)])
    for row in group:
        name = f"{row['model']}, {row['variant']}"
        lines.append([name, str(len(row["seeds"])), *_figures(row, f"test{within}", columns)])
    return align(lines)


def _figures(row: dict[str, Any], prefix: str, columns: Iterable[str]) -> list[str]:
    cells = []
    for key in columns:
        mean, std = row["mean"].get(f"{prefix}.{key}"), row["std"].get(f"{prefix}.{key}")
        cells.append("-" if mean is None else f"{mean:.4f}" + ("" if std is None else f" +- {std:.4f}"))
    return cells
