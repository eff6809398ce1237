"""The rows of the quality benchmark as tables: one for every protocol, dataset and set of candidates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tfkgrec import registry
from tfkgrec.benchmarks.comparison import Measured, compare, measured
from tfkgrec.benchmarks.places import dataset_of
from tfkgrec.benchmarks.results import ResultRow
from tfkgrec.benchmarks.variants import Variant, ablations_of, row_named
from tfkgrec.evaluation.metric import COLD_METRICS, CTR_METRICS, LIST_METRICS, REACH_METRICS, Metric, registered_metrics
from tfkgrec.evaluation.report import COLD_BASELINES
from tfkgrec.evaluation.text_table import text_table

BASELINES = {
    "popularity": "popularity",
    "item_knn": "item-kNN",
    "item_knn_newest": "item-kNN, last 20 items",
    "mf": "MF",
    "bpr": "BPR-MF",
    "attribute_popularity": "popularity of attributes",
    "attribute_knn": "attribute-kNN",
}
"""Titles of the baselines that metrics.json names under `floors`."""

_CANDIDATES = {
    "sampled": "sampled negatives, {} users",
    "full": "all items ranked, {} users",
    "cold": "cold items alone, {} users",
    "full_cold": "all items ranked, {} cold users",
}


_OF_CATALOGUE = (*(metric for metric in LIST_METRICS if metric.key in ("ndcg@10", "recall@20")), *REACH_METRICS)
"""Beside labelled pairs, where a catalogue's ranking is no model's purpose."""


class Column(NamedTuple):
    """A figure that is no metric: its title, and its text from the name's mean."""

    title: str
    name: str
    text: Callable[[float], str]


COSTS = (
    Column("minutes", "timing.train_seconds", lambda seconds: f"{seconds / 60:.1f}"),
    Column("peak MB", "timing.peak_memory_mb", lambda megabytes: f"{megabytes:,.0f}"),
)
"""What a model's training took, in the first table of a dataset."""


class Line(NamedTuple):
    """One line of a table: the cells of `name` over so many seeds (0: somebody else's figures).

    `is_default` marks the settings to look at first.
    """

    name: str
    seeds: int
    cells: tuple[str, ...]
    is_default: bool = False


@dataclass(frozen=True)
class ResultTable:
    """Figures of several scorers for the same users and candidates.

    Attributes:
        title: for people.
        columns: titles of the figures.
        lines: what is published, then the baselines, then the models, then what they are less a part of theirs.
    """

    title: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def tables(rows: Iterable[ResultRow]) -> list[ResultTable]:
    """A table for every protocol, dataset and set of candidates, in the order of the rows."""
    return [_table(candidates, group) for candidates, group in _groups(rows)]


def in_order(rows: Iterable[ResultRow]) -> list[list[ResultRow]]:
    """The rows of every dataset's first table as they stand in it: neighbours are compared with each other."""
    return [group for candidates, group in _groups(rows) if candidates == protocol_of(group[0]).own_candidates]


def headline(row: ResultRow) -> str:
    """The name in metrics.json of the figure that its protocol tells first."""
    return next(iter(protocol_of(row).headline.values()))


def _groups(rows: Iterable[ResultRow]) -> list[tuple[str, list[ResultRow]]]:
    """Candidates, and the rows of a table in its order."""
    groups: dict[tuple[str, str, str], list[ResultRow]] = {}
    for row in rows:
        for candidates in _candidates(row):
            groups.setdefault((protocol_of(row).name, row.dataset, candidates), []).append(row)
    return [(candidates, sorted(group, key=_section)) for (_, _, candidates), group in groups.items()]


def as_text(found: Sequence[ResultTable]) -> str:
    """For a terminal."""
    blocks = []
    for table in found:
        lines = [(line.name, str(line.seeds or ""), *line.cells) for line in table.lines]
        blocks.append(text_table([table.title, "seeds", *table.columns], lines))
    return "\n\n".join(blocks)


def protocol_of(row: ResultRow) -> registry.ProtocolSpec:
    """What its model is judged by."""
    return registry.protocol(registry.model(row.model).protocols[0])


def settings_of(row: ResultRow) -> Variant:
    """Its variant; one that is no more has no settings."""
    return row_named(row.model, row.variant)


def dataset_title(name: str) -> str:
    """Of the dataset that a config of that name is about, however it is split."""
    about = dataset_of(name)
    return name if about is None else registry.dataset(about).title


def baselines_of(rows: Iterable[ResultRow]) -> list[str]:
    """Those that any of the rows measured."""
    return list(dict.fromkeys(name.split(".")[1] for row in rows for name in row.mean if name.startswith("floors.")))


def strongest(rows: Iterable[ResultRow], name: str) -> ResultRow:
    """The row with the highest mean of `name`: an MF baseline follows the learning rate and negatives of its row.

    Of rows with the most seeds: a baseline gives way to none with fewer, either.
    """
    return max(rows, key=lambda row: (name in row.mean, len(row.seeds), row.mean.get(name, -1.0)))


def split_title(row: ResultRow) -> str:
    """The dataset's title, and what is asked of a sequence."""
    title = dataset_title(row.dataset)
    if protocol_of(row).name != "sequential":
        return title
    return f"{title}, next {'session' if row.dataset.endswith('-session') else 'item'}"


def _candidates(row: ResultRow) -> list[str]:
    """What a row's test figures are about: "" for labelled pairs, or "sampled", "full", "full_cold" ..."""
    parts = [name.split(".") for name in row.mean if name.startswith("test.")]
    return list(dict.fromkeys("" if len(part) == 2 else part[1] for part in parts))


def _table(candidates: str, group: list[ResultRow]) -> ResultTable:
    within = f".{candidates}" if candidates else ""
    metrics = _known_metrics(candidates, protocol_of(group[0]))
    columns = {one.key: one for one in metrics if any(f"test{within}.{one.key}" in row.mean for row in group)}
    own = candidates == protocol_of(group[0]).own_candidates
    costs = [one for one in COSTS if own and any(one.name in row.mean for row in group)]
    if all(row.mean.get(f"test{within}.map") == row.mean.get(f"test{within}.mrr") for row in group):
        columns.pop("mrr", None)  # every user has one positive
    lines: list[Line] = []
    kept: list[Measured | None] = []
    for name, prefix in _baselines(candidates, group):
        row = strongest(group, f"{prefix}.{next(iter(columns))}")
        cells = (*_cells(row, prefix, columns), *("-" for _ in costs))
        lines.append(Line(BASELINES.get(name, name), len(row.seeds), cells))
        kept.append(measured(row, headline(row).replace("test.", f"floors.{name}.", 1), ("floors", name)))
    for row in group:
        settings = settings_of(row)
        name = f"{registry.model(row.model).title}, {settings.label}"
        cells = (*_cells(row, f"test{within}", columns), *(_cost(row, one) for one in costs))
        lines.append(Line(name, len(row.seeds), cells, settings.is_default))
        kept.append(measured(row, headline(row)))
    headings = [*(metric.heading for metric in columns.values()), *(one.title for one in costs)]
    if own:
        known = [*({} for _ in lines[: -len(group)]), *(row.compared for row in group)]
        gaps = [compare(below, above, found) for below, above, found in zip(kept, [None, *kept], known, strict=False)]
        if any(gaps):
            lines = [
                line._replace(cells=(*line.cells, gap.text() if gap else "-"))
                for line, gap in zip(lines, gaps, strict=True)
            ]
            headings.append("to the row above")
    others = [line for row in group for line in _published(row, candidates, columns, len(headings) - len(columns))]
    return ResultTable(_title(candidates, group[0]), tuple(headings), (*dict.fromkeys(others), *lines))


def _baselines(candidates: str, group: list[ResultRow]) -> list[tuple[str, str]]:
    """Names, and what their figures in a row begin with."""
    if candidates == "cold":  # of which those that count know nothing
        return [(name, f"test.cold.{name}") for name in COLD_BASELINES]
    within = f".{candidates}" if candidates else ""
    return [(name, f"floors.{name}{within}") for name in baselines_of(group)]


def _known_metrics(candidates: str, protocol: registry.ProtocolSpec) -> tuple[Metric, ...]:
    """The columns that a table may have."""
    if not candidates:
        return CTR_METRICS
    if candidates == "cold":
        return COLD_METRICS
    ours = LIST_METRICS if protocol.own_candidates else _OF_CATALOGUE
    return (*ours, *registered_metrics())


def _section(row: ResultRow) -> int:
    """Models that papers compare with, models, and models less one of their parts."""
    if row.variant in ablations_of(row.model):
        return 2
    return 0 if registry.model(row.model).baseline else 1


def _cost(row: ResultRow, column: Column) -> str:
    return column.text(row.mean[column.name]) if column.name in row.mean else "-"


def _title(candidates: str, row: ResultRow) -> str:
    if not candidates:
        return split_title(row)
    users = row.mean.get(f"test.{candidates}.users", float("nan"))
    return f"{split_title(row)}, {_CANDIDATES.get(candidates, candidates + ', {} users').format(f'{users:,.0f}')}"


def _published(row: ResultRow, candidates: str, columns: Iterable[str], costs: int) -> list[Line]:
    """The figures that the row's config carries for these candidates: a line, or none."""
    more = ("-",) * costs
    prefix = "cold_" if candidates == "full_cold" else ""
    if not prefix and candidates != protocol_of(row).own_candidates:
        return []
    figures = [row.published.get(f"{prefix}{key}") for key in columns]
    digits = 4 if any(isinstance(figure, float) and round(figure, 3) != figure for figure in figures) else 3
    cells = tuple(f"{figure:.{digits}f}" if isinstance(figure, float) else "-" for figure in figures)
    whose = row.published.get("of", registry.model(row.model).title)
    return [] if set(cells) <= {"-"} else [Line(f"published {whose}", 0, (*cells, *more))]


def _cells(row: ResultRow, prefix: str, columns: Mapping[str, Metric]) -> tuple[str, ...]:
    """One for every column."""
    return tuple(cell(row, f"{prefix}.{key}", metric.digits) for key, metric in columns.items())


def cell(row: ResultRow, name: str, digits: int = 4) -> str:
    """Mean and, of several seeds, standard deviation."""
    mean, std = row.mean.get(name), row.std.get(name)
    return "-" if mean is None else f"{mean:.{digits}f}" + ("" if std is None else f" +- {std:.{digits}f}")
