"""Write what finished runs measured into configs/<model>/results.json, docs/results.md, the README and config headers.

python tools/results_tables.py --runs runs/benchmark

Nothing is trained: `tfkgrec benchmark quality` did that.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import marks
from tfkgrec import registry
from tfkgrec.benchmark import BASELINE
from tfkgrec.benchmarks.comparison import with_comparisons
from tfkgrec.benchmarks.places import Places, configs_of
from tfkgrec.benchmarks.results import ResultRow, Results, device, results_file
from tfkgrec.benchmarks.tables import (
    BASELINES,
    Line,
    ResultTable,
    baselines_of,
    cell,
    headline,
    in_order,
    protocol_of,
    settings_of,
    split_title,
    strongest,
    tables,
)
from tfkgrec.benchmarks.variants import rows_of
from tfkgrec.cli import run_main
from tfkgrec.files import write_text
from tfkgrec.tf_logging import quiet_import

ROOT = Path(__file__).parent.parent


def main(argv: Sequence[str] | None = None) -> int:
    """Read runs and results, write everything that shows them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], metavar="S", help="default: 1 2 3")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help="default: this repository")
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="where runs lie")
    options = parser.parse_args(argv)
    places = Places(options.root / "configs", options.runs)
    found = {name: collect(name, options.seeds, places) for name in models(places.configs)}
    rows = [row for results in found.values() for row in results.rows]
    compared = with_comparisons(in_order(rows), headline, places.run_of)
    rows = compared + [row for row in rows if row.key not in {one.key for one in compared}]
    found = {name: results.taken_from(rows) for name, results in found.items()}
    rows = [row for results in found.values() for row in results.rows]
    marks.write(pages(options.root, rows), "results_tables")
    for name, results in found.items():
        if results.rows:
            results.write(results_file(places.configs, name))
    for row in rows:
        write_header(places, row)
    print(f"{len(rows)} rows in {options.root}: configs/*/results.json, docs/results.md, README.md")
    return 0


def models(configs: Path) -> list[str]:
    """The models with configs of their own, those that others are compared with first."""
    names = [name for name in registry.models() if name != BASELINE and (configs / name).is_dir()]
    return sorted(names, key=lambda name: not registry.model(name).baseline)


def pages(root: Path, rows: Sequence[ResultRow]) -> dict[Path, dict[str, str]]:
    """Page -> name of a part -> its text."""
    return {
        root / "docs/results.md": {"results": as_markdown(tables(rows))},
        root / "README.md": {"results in short": in_short(rows)},
    }


def collect(model: str, seeds: Sequence[int], places: Places) -> Results:
    """The rows of a model: those of runs that have at least as many seeds finished as results.json says, else its.

    Rows of variants that are no more come last: what was measured stays.
    """
    before = Results.read(results_file(places.configs, model))
    datasets = list(dict.fromkeys([row.dataset for row in before.rows] + configs_of(model, places.configs)))
    variants, found = list(rows_of(model)), []
    for dataset in datasets:
        for variant in rows_of(model).values():
            done = [seed for seed in seeds if places.run(model, dataset, variant, seed).metrics.exists()]
            if done:
                with quiet_import():
                    from tfkgrec.benchmarks.quality import collected

                found.append(collected(model, dataset, variant, done, places))
    merged, kept = before.merged(found, device())
    for line in kept:
        print(line)
    order = [(dataset, variant) for dataset in datasets for variant in variants]
    rows = sorted(merged.rows, key=lambda row: _place(order, (row.dataset, row.variant)))
    return Results(merged.device, tuple(rows))


def _place(order: Sequence[tuple[str, str]], one: tuple[str, str]) -> int:
    return order.index(one) if one in order else len(order)


def as_markdown(found: Sequence[ResultTable]) -> str:
    """No leading zeros, the default settings in bold, fewer than three seeds said so."""
    blocks = []
    for table in found:
        lines = [f"| **{table.title}** | {' | '.join(table.columns)} |", "|---|" + "---|" * len(table.columns)]
        lines += [f"| {_name(line)} | {' | '.join(map(_figure, line.cells))} |" for line in table.lines]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def in_short(rows: Sequence[ResultRow]) -> str:
    """A line for every split: the first figure of its protocol; the best published, our models, the best baseline."""
    lines = ["| data | figure | published | ours | strongest baseline |", "|---|---|---|---|---|"]
    ours = [row for row in rows if settings_of(row).is_default and not registry.model(row.model).baseline]
    for title, protocol in dict.fromkeys(map(_asked, ours)):
        group = [row for row in ours if _asked(row) == (title, protocol)]
        called, name = next(iter(protocol_of(group[0]).headline.items()))
        best, *others = sorted(group, key=lambda row: -row.mean[name])
        shown = [f"**{_model(best)} {_figure(cell(best, name))}**"]
        shown += [f"{_model(row)} {_figure(f'{row.mean[name]:.4f}')}" for row in others]
        beside = [row for row in rows if _asked(row) == (title, protocol)]
        known = max(group, key=lambda row: _published(row, name))
        cells = (title, called, _published(known, name, _model(known)), ", ".join(shown), _baseline(beside, name))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _asked(row: ResultRow) -> tuple[str, str]:
    """What was split, and under which protocol."""
    return split_title(row), protocol_of(row).name


def _model(row: ResultRow) -> str:
    return registry.model(row.model).title


def write_header(places: Places, row: ResultRow) -> None:
    """Bring the figures in the header of a row's config up to date, where the row is the config as it stands."""
    settings = settings_of(row)
    if not settings.as_configured or len(row.seeds) < 3:
        return
    figures = protocol_of(row).headline
    ours = ", ".join(f"{title} {row.mean[name]:.3f} +- {row.std[name]:.3f}" for title, name in figures.items())
    title, name = next(iter(figures.items()))
    floor = row.mean.get(_of_baseline("popularity", name))
    path = places.config(row.model, row.dataset, settings)
    text = re.sub(r"^# Ours: .*$", f"# Ours:      {ours} ({len(row.seeds)} seeds)", path.read_text(), flags=re.M)
    if floor is not None:
        text = re.sub(rf"popularity alone {title} 0\.\d+", f"popularity alone {title} {floor:.3f}", text)
    write_text(path, text)


def _name(line: Line) -> str:
    shown = f"**{line.name}**" if line.is_default else line.name
    return shown + (f" ({line.seeds} seed{'s' if line.seeds > 1 else ''})" if 0 < line.seeds < 3 else "")


def _figure(cell: str) -> str:
    return "" if cell == "-" else re.sub(r"\b0\.", ".", cell).replace("+-", "±")


def _published(row: ResultRow, name: str, model: str = "") -> str:
    """The figure, and whose it is: `model`'s where the config names nobody."""
    figure, whose = row.published.get(name.rpartition(".")[2]), row.published.get("of", model)
    if not isinstance(figure, float):
        return ""
    digits = 3 if round(figure, 3) == figure else 4
    return f"{_figure(f'{figure:.{digits}f}')} {whose}".strip()


def _baseline(rows: Sequence[ResultRow], name: str) -> str:
    """The best that any of the rows measured of the simple baselines."""
    found = []
    for baseline in baselines_of(rows):
        of = _of_baseline(baseline, name)
        row = strongest(rows, of)
        if of in row.mean:
            found.append((row.mean[of], f"{_figure(f'{row.mean[of]:.4f}')} {BASELINES.get(baseline, baseline)}"))
    return max(found)[1] if found else ""


def _of_baseline(baseline: str, name: str) -> str:
    return name.replace("test.", f"floors.{baseline}.", 1)


if __name__ == "__main__":
    sys.exit(run_main(main))
