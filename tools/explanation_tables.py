"""Write how far explanations hold into configs/<model>/explanations.json and docs/explanations.md.

python tools/explanation_tables.py [RUN ...]

of runs that `tfkgrec evaluate RUN --explanations [--beside RUN ...]` has asked; without any, from what is kept.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import marks
from tfkgrec import registry
from tfkgrec.cli import run_main
from tfkgrec.evaluation.faithfulness import HEADINGS, LINKS, SHARES
from tfkgrec.files import read_json, write_text
from tfkgrec.training.run_directory import RunDirectory

ROOT = Path(__file__).parent.parent
TOOL = "explanation_tables"
ORDERS = ("contributions", "weights", "random")
KEPT = (
    "model",
    "dataset",
    "seed",
    "commit",
    "pairs",
    "whole_history",
    "share_of_three",
    "orders",
    "links",
    "stability",
)

Row = Mapping[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Keep what the runs have measured, then write the tables of all that is kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="asked by evaluate --explanations")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help="default: this repository")
    options = parser.parse_args(argv)
    measured = [_measured(RunDirectory(path)) for path in options.runs]
    for model in {row["model"] for row in measured}:
        _keep([row for row in measured if row["model"] == model], _file(options.root, model))
    marks.write(pages(options.root), TOOL)
    print(f"{len(measured)} runs")
    return 0


def pages(root: Path) -> dict[Path, dict[str, str]]:
    """Page -> name of a part -> its text."""
    files = sorted(root.glob("configs/*/explanations.json"))
    rows = [row for file in files for row in read_json(file)["rows"]]
    parts = {"orders": orders(rows), "shares": shares(rows), "stability": stability(rows), "links": links(rows)}
    return {root / "docs/explanations.md": parts}


def orders(rows: Sequence[Row]) -> str:
    """Of every model and dataset, what each order of the history is worth."""
    lines = []
    for (dataset, model), own in _groups(rows):
        for order in ORDERS:
            of_order = [row["orders"][order] for row in own if order in row["orders"]]
            if of_order:
                figures = (_cell([figure.get(key) for figure in of_order]) for key in HEADINGS)
                told = (dataset, model, _seeds(own)) if order == ORDERS[0] else ("", "", "")
                lines.append((*told, order, *figures))
    return _table(("data", "model", "seeds", "order", *HEADINGS.values()), lines)


def shares(rows: Sequence[Row]) -> str:
    """What the first item is worth beside a random one, and what the first three have of the whole."""
    lines = []
    for (dataset, model), own in _groups(rows):
        falls = {
            order: _mean([row["orders"][order]["deletion_1"] for row in own if order in row["orders"]])
            for order in ORDERS
        }
        times = [_times(falls[order], falls["random"]) for order in ORDERS[:2]]
        found = (_cell([row["share_of_three"][name] for row in own], "{:.0%}") for name in SHARES)
        whole = _cell([row["whole_history"] for row in own])
        lines.append(
            (
                dataset,
                model,
                _seeds(own),
                _cell([row["orders"]["random"]["deletion_1"] for row in own]),
                *times,
                whole,
                *found,
            )
        )
    head = ("data", "model", "seeds", "a random item", "the first, times that", "first by weights", "whole history")
    return _table((*head, *(f"first three, {name}" for name in SHARES.values())), lines)


def stability(rows: Sequence[Row]) -> str:
    """How many of the first five items are those of another run."""
    lines = []
    for row in sorted(rows, key=_place):
        for other in row.get("stability", {}).values():
            told = (row["dataset"], row["model"], str(row["seed"]), _what(row, other))
            by = [other["orders"].get(order, {}) for order in ORDERS[:2]]
            figures = [_cell([figures.get(name)]) for name in ("first", "correlation") for figures in by]
            lines.append((*told, *figures[:2], _cell([other["chance"]]), *figures[2:]))
    head = ("data", "model", "seed", "beside", "first five: contributions", "weights", "chance")
    return _table((*head, "correlation: contributions", "weights"), lines)


def links(rows: Sequence[Row]) -> str:
    """What the first reasons of recommendations link to."""
    lines = []
    for (dataset, model), own in _groups(rows):
        for order in ORDERS:
            of_order = [row["links"][order] for row in own if order in row.get("links", {})]
            if of_order:
                figures = (_cell([figure.get(key) for figure in of_order], "{:.2f}") for key in LINKS)
                told = (dataset, model, _seeds(own)) if order == ORDERS[0] else ("", "", "")
                lines.append((*told, order, *figures))
    return _table(("data", "model", "seeds", "order", *LINKS.values()), lines)


def _measured(run: RunDirectory) -> Row:
    commit = read_json(run.environment).get("git_commit") if run.environment.exists() else None
    found = {"commit": commit, **read_json(run.explanations)}
    beside = found.get("stability", {})  # by where the other runs lie, which is nobody else's concern
    return found | {"stability": {Path(place).name: other for place, other in beside.items()}} if beside else found


def _keep(rows: Iterable[Row], file: Path) -> None:
    """In the place of what the file has of the same dataset and seed."""
    kept = {(row["dataset"], row["seed"]): row for row in (read_json(file)["rows"] if file.exists() else [])}
    kept |= {(row["dataset"], row["seed"]): {key: row[key] for key in KEPT if key in row} for row in rows}
    write_text(file, json.dumps({"rows": [kept[key] for key in sorted(kept)]}, indent=1) + "\n")


def _file(root: Path, model: str) -> Path:
    return root / "configs" / model / "explanations.json"


def _groups(rows: Sequence[Row]) -> list[tuple[tuple[str, str], list[Row]]]:
    """(dataset, title of the model) -> its seeds."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=_place):
        found.setdefault((row["dataset"], registry.model(row["model"]).title), []).append(row)
    return list(found.items())


def _place(row: Row) -> tuple[str, str, int]:
    return row["dataset"], row["model"], row["seed"]


def _seeds(rows: Sequence[Row]) -> str:
    return ", ".join(str(row["seed"]) for row in rows)


def _what(row: Row, other: Row) -> str:
    return "trained again" if other["seed"] == row["seed"] else f"seed {other['seed']}"


def _mean(figures: Sequence[Mapping[str, float]]) -> float | None:
    return float(np.mean([figure["mean"] for figure in figures])) if figures else None


def _times(fall: float | None, random: float | None) -> str:
    """How many times a random item the first one is worth; where that is worth nothing, there is no such number."""
    if fall is None or random is None:
        return ""
    return f"{fall / random:.1f}" if random > 0 else "a random one is worth nothing"


def _cell(figures: Sequence[Mapping[str, float] | None], form: str = "{:.3f}") -> str:
    """The mean over seeds ± their standard deviation; of a single seed ± its standard error."""
    there = [figure for figure in figures if figure is not None]
    if not there:
        return ""
    mean = np.mean([figure["mean"] for figure in there])
    error = there[0]["error"] if len(there) == 1 else np.std([figure["mean"] for figure in there], ddof=1)
    return " ± ".join(map(form.format, (mean, error))) if error else form.format(mean)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


if __name__ == "__main__":
    sys.exit(run_main(main))
