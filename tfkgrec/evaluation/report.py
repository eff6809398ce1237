"""`metrics.json` of a run, and the table that people read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.evaluation.ahead import ahead
from tfkgrec.evaluation.metric import (
    CATALOGUE_METRICS,
    COLD_METRICS,
    CTR_METRICS,
    LIST_METRICS,
    Metric,
    registered_metrics,
)
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.files import write_text

COLD_BASELINES = ("attribute_popularity", "attribute_knn")
"""What stands beside a model among cold items."""


def assemble_metrics(
    model: str,
    dataset: str,
    protocol: str,
    seed: int,
    results: Mapping[str, Mapping[str, Any]],
    floors: Mapping[str, Mapping[str, Mapping[str, Any]]] | None,
    timing: Mapping[str, float],
    data: Mapping[str, int],
) -> dict[str, Any]:
    """The content of `metrics.json` (docs/run-directory.md).

    Args:
        results: part -> metrics of the model, from `evaluate_scorer`.
        floors: baseline -> part -> metrics, from `evaluate_baselines`. Their test metrics come first, as
            `floors.popularity.auc`; those of validation lie under `floors.popularity.validation`. None: they have not
            been measured yet.
        timing: "train_seconds", "examples_per_second", "steps", "peak_memory_mb".
        data: counts of the dataset, such as `Dataset.stats()`: "users", "items", "entities", "triples", ...
    """
    beside: dict[str, Any] = {}
    if floors is not None:
        figures = {name: {**parts["test"], "validation": dict(parts["validation"])} for name, parts in floors.items()}
        beside["floors"] = figures
    return {
        "model": model,
        "dataset": dataset,
        "protocol": protocol,
        "seed": seed,
        "test": dict(results["test"]),
        "validation": dict(results["validation"]),
        **beside,
        "timing": dict(timing),
        "data": dict(data),
    }


def write_metrics(path: Path, metrics: Mapping[str, Any]) -> None:
    """Write `metrics.json` in one piece.

    Raises:
        ValueError: a number is NaN or infinite, which JSON cannot hold; nothing is written then.
    """
    write_text(path, json.dumps(metrics, indent=2, allow_nan=False, default=_plain) + "\n")


def read_metrics(path: Path) -> dict[str, Any]:
    """Read a `metrics.json`.

    Raises:
        InputError: no such file, or not the JSON object that `write_metrics` writes.
    """
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: expected the metrics.json of a run, found no such file") from None
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, found {error}") from None
    if not isinstance(metrics, dict) or "test" not in metrics:
        raise InputError(f"{path}: expected the metrics.json of a run, found no `test` in it")
    return metrics


def report(metrics: Mapping[str, Any]) -> str:
    """The model above its baselines: validation, test, the full ranking where it was asked for, and who is ahead."""
    scorers = [(metrics["model"], metrics)]
    for name, baseline in metrics["floors"].items():
        scorers.append((f"  {name}", {"validation": baseline.get("validation", {}), "test": baseline}))
    blocks = [f"{metrics['model']} on {metrics['dataset']}, protocol {metrics['protocol']}, seed {metrics['seed']}"]
    if all(isinstance(value, Mapping) for value in metrics["test"].values()):  # figures by candidate set
        return "\n\n".join([*blocks, *_lists(metrics, scorers), *ahead(metrics)])
    for part in _parts(metrics):
        blocks.append(_table(part, CTR_METRICS, [(name, parts[part]) for name, parts in scorers]))
    if "full" in metrics["test"]:
        ranked = [(name, parts["test"].get("full", {})) for name, parts in scorers]
        blocks.append(_table("test, all items ranked", (*CATALOGUE_METRICS, *registered_metrics()), ranked))
    if "cold" in metrics["test"]:
        cold = metrics["test"]["cold"]
        rows = [(metrics["model"], cold), *((f"  {name}", cold[name]) for name in COLD_BASELINES if name in cold)]
        blocks.append(_table(f"test, {cold['items']:,.0f} cold items", COLD_METRICS, rows))
    return "\n\n".join([*blocks, *ahead(metrics)])


def _parts(metrics: Mapping[str, Any]) -> list[str]:
    """Other data than a run's own have no validation."""
    return [part for part in ("validation", "test") if part in metrics]


def _lists(metrics: Mapping[str, Any], scorers: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Of protocols that rank: a table for every part and candidate set."""
    tables = []
    for part in _parts(metrics):
        for name, figures in metrics[part].items():
            columns = [metric for metric in (*LIST_METRICS, *registered_metrics()) if metric.key in figures]
            rows = [(scorer, parts[part].get(name, {})) for scorer, parts in scorers]
            tables.append(_table(f"{part}, {name.replace('_', ' ')} ({figures['users']:,.0f} users)", columns, rows))
    return tables


def _table(title: str, columns: Sequence[Metric], rows: Iterable[tuple[str, Mapping[str, float]]]) -> str:
    """One row of figures per scorer, "-" where it has none; figures that nobody has are left out."""
    rows = list(rows)
    columns = [metric for metric in columns if any(metric.key in figures for _, figures in rows)]
    cells = [[name, *(metric.text(figures) for metric in columns)] for name, figures in rows]
    return text_table([title, *(metric.heading for metric in columns)], cells)


def _plain(value: object) -> object:
    """NumPy numbers as Python's, for json."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"metrics should be numbers, strings and mappings of them. Received: {type(value).__name__}")
