"""The rows of the quality benchmark as tables, for a terminal and for the README."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tfkgrec import registry
from tfkgrec.evaluation.metric import CTR_METRICS, LIST_METRICS, registered_metrics
from tfkgrec.evaluation.text_table import text_table

_FLOORS = {
    "popularity": "popularity",
    "item_knn": "item-kNN",
    "item_knn_newest": "item-kNN, last 20 items",
    "mf": "MF",
    "bpr": "BPR-MF",
}
_CANDIDATES = {
    "sampled": "sampled negatives, {} users",
    "full": "all items ranked, {} users",
    "full_cold": "all items ranked, {} cold users",
}
_DEFAULTS = ("tuned", "tuned, fresh negatives")  # the rows to look at first


@dataclass(frozen=True)
class Table:
    """Figures of several scorers for the same users and candidates.

    Attributes:
        title: for people.
        columns: titles of the figures.
        lines: name, seeds (0: somebody else's figure), cells; the floors follow what is published, the models both.
    """

    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, int, tuple[str, ...]], ...]


def tables(rows: Iterable[dict[str, Any]]) -> list[Table]:
    """A table for every protocol, dataset and set of candidates, in the order of the rows (`quality.measure`)."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        for candidates in _candidates(row):
            groups.setdefault((registry.model(row["model"]).protocols[0], row["dataset"], candidates), []).append(row)
    return [_table(*key, group) for key, group in groups.items()]


def as_text(found: Sequence[Table]) -> str:
    """For a terminal."""
    blocks = []
    for table in found:
        lines = [(name, str(seeds or ""), *cells) for name, seeds, cells in table.lines]
        blocks.append(text_table([table.title, "seeds", *table.columns], lines))
    return "\n\n".join(blocks)


def as_markdown(found: Sequence[Table]) -> str:
    """For the README: no leading zeros, the default settings in bold, fewer than three seeds said so."""
    blocks = []
    for table in found:
        lines = [f"| **{table.title}** | {' | '.join(table.columns)} |", "|---|" + "---|" * len(table.columns)]
        for name, seeds, cells in table.lines:
            shown = f"**{name}**" if name.partition(", ")[2] in _DEFAULTS else name
            if 0 < seeds < 3:
                shown += f" ({seeds} seed{'s' if seeds > 1 else ''})"
            figures = [re.sub(r"\b0\.", ".", cell).replace("+-", "±") for cell in cells]
            lines.append(f"| {shown} | {' | '.join('' if cell == '-' else cell for cell in figures)} |")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _candidates(row: dict[str, Any]) -> list[str]:
    """What a row's test figures are about: "" for labelled pairs, or "sampled", "full", "full_cold" ..."""
    parts = [name.split(".") for name in row["mean"] if name.startswith("test.")]
    return list(dict.fromkeys("" if len(part) == 2 else part[1] for part in parts))


def _table(protocol: str, dataset: str, candidates: str, group: list[dict[str, Any]]) -> Table:
    within = f".{candidates}" if candidates else ""
    known = (*LIST_METRICS, *registered_metrics()) if candidates else CTR_METRICS
    columns = {one.key: one for one in known if any(f"test{within}.{one.key}" in row["mean"] for row in group)}
    if all(row["mean"].get(f"test{within}.map") == row["mean"].get(f"test{within}.mrr") for row in group):
        columns.pop("mrr", None)  # every user has one positive
    published = [_published(row, protocol, candidates, columns) for row in group]
    lines = [(name, 0, cells) for name, cells in dict.fromkeys(line for line in published if line is not None)]
    for floor in dict.fromkeys(key.split(".")[1] for row in group for key in row["mean"] if key.startswith("floors.")):
        row = _strongest(group, f"floors.{floor}{within}", columns)
        lines.append((_FLOORS.get(floor, floor), *_figures(row, f"floors.{floor}{within}", columns)))
    for row in group:
        name = f"{registry.model(row['model']).title}, {row['variant']}"
        lines.append((name, *_figures(row, f"test{within}", columns)))
    return Table(
        _title(protocol, dataset, candidates, group), tuple(metric.heading for metric in columns.values()), tuple(lines)
    )


def _strongest(group: list[dict[str, Any]], prefix: str, columns: Iterable[str]) -> dict[str, Any]:
    """The row whose figures of `prefix` are highest: an MF floor follows the learning rate and negatives of its row."""
    name = f"{prefix}.{next(iter(columns))}"
    return max(group, key=lambda row: (row["mean"].get(name, -1.0), len(row["seeds"])))


def _title(protocol: str, dataset: str, candidates: str, group: list[dict[str, Any]]) -> str:
    parts = [registry.dataset(dataset.removesuffix("-session")).title]
    if protocol == "sequential":
        parts.append("next session" if dataset.endswith("-session") else "next item")
    if candidates:
        users = group[0]["mean"].get(f"test.{candidates}.users", float("nan"))
        parts.append(_CANDIDATES.get(candidates, candidates + ", {} users").format(f"{users:,.0f}"))
    return ", ".join(parts)


def _published(
    row: dict[str, Any], protocol: str, candidates: str, columns: Iterable[str]
) -> tuple[str, tuple[str, ...]] | None:
    """Name and cells of the figures that the row's config carries for these candidates, if any."""
    published = row["published"]
    prefix = "cold_" if candidates == "full_cold" else ""
    if not prefix and candidates != registry.protocol(protocol).own_candidates:
        return None
    cells = [published.get(f"{prefix}{key}") for key in columns]
    digits = 4 if any(isinstance(cell, float) and round(cell, 3) != cell for cell in cells) else 3
    numbers = tuple(f"{cell:.{digits}f}" if isinstance(cell, float) else "-" for cell in cells)
    whose = published.get("of", registry.model(row["model"]).title)
    return None if set(numbers) <= {"-"} else (f"published {whose}", numbers)


def _figures(row: dict[str, Any], prefix: str, columns: Iterable[str]) -> tuple[int, tuple[str, ...]]:
    """Seeds, and a cell for every column."""
    return len(row["seeds"]), tuple(_cell(row, f"{prefix}.{key}") for key in columns)


def _cell(row: dict[str, Any], name: str) -> str:
    mean, std = row["mean"].get(name), row["std"].get(name)
    return "-" if mean is None else f"{mean:.4f}" + ("" if std is None else f" +- {std:.4f}")
