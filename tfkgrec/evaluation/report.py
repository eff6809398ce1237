"""`metrics.json` of a run, and the table that people read."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfkgrec.errors import InputError

CTR_COLUMNS = {"auc": "AUC", "acc": "ACC", "auc_equal_popularity": "AUC eq.pop"}
RANKING_COLUMNS = {
    "precision@10": "P@10",
    "recall@10": "R@10",
    "recall@50": "R@50",
    "f1@10": "F1@10",
    "ndcg@10": "NDCG@10",
    "hit@10": "Hit@10",
    "mrr": "MRR",
    "map": "MAP",
}

LIST_COLUMNS = {
    "precision@1": "P@1",
    "precision@5": "P@5",
    "precision@10": "P@10",
    "map": "MAP",
    "mrr": "MRR",
    "hit@10": "Hit@10",
    "ndcg@10": "NDCG@10",
}


def assemble_metrics(
    model: str,
    dataset: str,
    protocol: str,
    seed: int,
    results: Mapping[str, Mapping[str, Any]],
    floors: Mapping[str, Mapping[str, Mapping[str, Any]]],
    timing: Mapping[str, float],
    data: Mapping[str, int],
) -> dict[str, Any]:
    """The content of `metrics.json` (shared/design/architecture.md).

    Args:
        results: part -> metrics of the model, from `evaluate_scorer`.
        floors: floor -> part -> metrics, from `evaluate_floors`. Their test metrics come first, as
            `floors.popularity.auc`; those of validation lie under `floors.popularity.validation`.
        timing: "train_seconds", "examples_per_second", "steps".
        data: counts of the dataset, such as `Dataset.stats()`: "users", "items", "entities", "triples", ...
    """
    return {
        "model": model,
        "dataset": dataset,
        "protocol": protocol,
        "seed": seed,
        "test": dict(results["test"]),
        "validation": dict(results["validation"]),
        "floors": {name: {**parts["test"], "validation": dict(parts["validation"])} for name, parts in floors.items()},
        "timing": dict(timing),
        "data": dict(data),
    }


def write_metrics(path: Path, metrics: Mapping[str, Any]) -> None:
    """Write `metrics.json` in one piece: into a file beside it, then renamed.

    Raises:
        ValueError: a number is NaN or infinite, which JSON cannot hold; nothing is written then.
    """
    text = json.dumps(metrics, indent=2, allow_nan=False, default=_plain) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


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
    """The model above its floors: validation, test, and the full ranking where it was asked for."""
    scorers = [(metrics["model"], metrics)]
    for name, floor in metrics["floors"].items():
        scorers.append((f"  {name}", {"validation": floor["validation"], "test": floor}))
    blocks = [f"{metrics['model']} on {metrics['dataset']}, protocol {metrics['protocol']}, seed {metrics['seed']}"]
    if metrics["protocol"] != "C":
        return "\n\n".join([*blocks, *_lists(metrics, scorers)])
    for part in ("validation", "test"):
        blocks.append(_table(part, CTR_COLUMNS, [(name, parts[part]) for name, parts in scorers]))
    if "full" in metrics["test"]:
        ranked = [(name, parts["test"].get("full", {})) for name, parts in scorers]
        blocks.append(_table("test, all items ranked", RANKING_COLUMNS, ranked))
    return "\n\n".join(blocks)


def _lists(metrics: Mapping[str, Any], scorers: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Protocols S and R: a table for every part and candidate set."""
    tables = []
    for part in ("validation", "test"):
        for name, figures in metrics[part].items():
            columns = {key: title for key, title in LIST_COLUMNS.items() if key in figures}
            rows = [(scorer, parts[part].get(name, {})) for scorer, parts in scorers]
            tables.append(_table(f"{part}, {name.replace('_', ' ')} ({figures['users']:,.0f} users)", columns, rows))
    return tables


def _table(title: str, columns: Mapping[str, str], rows: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """One row of figures per scorer; "-" where it has none."""
    figures = [[name] + [f"{row[key]:.4f}" if key in row else "-" for key in columns] for name, row in rows]
    return align([[title, *columns.values()], *figures])


def align(rows: Sequence[Sequence[str]], names: int = 1) -> str:
    """Lines with the columns of `rows` under each other, the first `names` flush left; a rule after the first row."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(w) if n < names else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells))
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _plain(value: Any) -> Any:
    """NumPy numbers as Python's, for json."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"metrics should be numbers, strings and mappings of them. Received: {type(value).__name__}")
