"""`tfkgrec benchmark sweep`: a grid of settings over seeds, as a table, a picture and TensorBoard's HParams.

No setting is chosen by it: the table shows test figures, as the papers' figures do, so what looks best in it was found
on the data that it is judged by. Choose on validation (its first column), on seeds that are in no table.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec import registry
from tfkgrec.benchmarks.figures import FIGURES, Figure, figure_named
from tfkgrec.benchmarks.grid import Grid, Point, variant_at
from tfkgrec.benchmarks.matrix import models
from tfkgrec.benchmarks.parallel_jobs import Job, run_jobs
from tfkgrec.benchmarks.places import Places
from tfkgrec.benchmarks.plan import Asked, PlannedRun, planned_runs, told
from tfkgrec.benchmarks.progress_bar import RunsBar
from tfkgrec.benchmarks.variants import Variant, variant, variants_of
from tfkgrec.cli import CommandParser, add_set_argument
from tfkgrec.errors import InputError
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.files import write_text
from tfkgrec.progress import say

if TYPE_CHECKING:
    from tfkgrec.benchmarks.results import ResultRow

UNRANKED = "evaluation.top_k=false"  # of labelled pairs alone: a sweep has one figure


@dataclass(frozen=True)
class Trial:
    """One point of the grid, of one model on one dataset."""

    model: str
    dataset: str
    point: Point
    variant: Variant

    @property
    def asked(self) -> Asked:
        return self.model, self.dataset, self.variant


@dataclass(frozen=True)
class Sweep:
    """What is asked for.

    Attributes:
        name: of the folder that takes table and picture.
        title: above the picture.
    """

    name: str
    title: str
    grid: Grid
    trials: tuple[Trial, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is left of the grid, write and print what it shows."""
    options = _parser().parse_args(argv)
    places = Places(options.configs, options.runs, options.data_dir)
    sweep = asked_for(options, places)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    runs = planned_runs([trial.asked for trial in sweep.trials], seeds, places)
    say(told(runs, options.workers, options.dry_run))
    if options.dry_run:
        return 0
    if options.plot:
        from tfkgrec.pictures.library import matplotlib

        matplotlib(" (or sweep --no-plot)")  # that it lacks is told before any work
    _run(options, sweep, [run for run in runs if not run.done])
    folder = options.out or options.runs / "tables" / sweep.name
    _show(sweep, seeds, places, folder, options.plot)
    return 0


def asked_for(options: argparse.Namespace, places: Places) -> Sweep:
    """The grid that the arguments describe, for every model and dataset.

    Raises:
        InputError: neither a figure nor settings, or no config to start from.
    """
    figure = figure_named(options.figure) if options.figure else None
    texts = options.overrides or (figure.settings if figure else ())
    if not texts:
        raise InputError("benchmark sweep: expected --figure, or --set with several values, found neither")
    grid, trials = Grid.of(texts), []
    for model in options.models or [figure.model if figure else "dink"]:
        base = base_variant(options.variant or (figure.variant if figure else None), model)
        for dataset in options.datasets or [figure.dataset if figure else "lastfm"]:
            places.check_config(model, dataset, base)
            for point in grid.points():
                trials.append(Trial(model, dataset, point, variant_at(base, point)))
    name = options.figure or "-".join([*dict.fromkeys(f"{one.model}-{one.dataset}" for one in trials), *grid.axes])
    return Sweep(name, _title(figure, trials, grid), grid, tuple(trials))


def base_variant(name: str | None, model: str) -> Variant:
    """The variant called so, or the model's own settings."""
    if name is not None:
        return variant(model, name)
    return next(one for one in variants_of(model).values() if one.is_default)


def _title(figure: Figure | None, trials: Sequence[Trial], grid: Grid) -> str:
    datasets = ", ".join(dict.fromkeys(trial.dataset for trial in trials))
    return f"{figure.title if figure else ' and '.join(grid.axes)} ({datasets})"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="tfkgrec benchmark sweep", description=(__doc__ or "").partition("\n")[0].partition(": ")[2]
    )
    add_set_argument(
        parser,
        "section.key=value,value",
        "the grid: model.dim=8,16,32 data.train_share=0.5,1; a key with one value is the same everywhere",
    )
    parser.add_argument("--figure", metavar="NAME", help=f"a paper's: {', '.join(FIGURES)}")
    parser.add_argument("--models", nargs="+", choices=models(), help="default: the figure's, else dink")
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help="default: the figure's, else lastfm")
    parser.add_argument("--variant", metavar="NAME", help="whose settings the others are (default: ours as they stand)")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="how many (default 3)")
    parser.add_argument("--first-seed", type=int, default=1, metavar="S", help="seeds S..S+N-1 (default 1)")
    parser.add_argument("--configs", type=Path, default=Path("configs"), metavar="DIR")
    parser.add_argument("--runs", type=Path, default=Path("runs/sweep"), metavar="DIR", help="where runs lie")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="takes table, picture and HParams (default: RUNS/tables)"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="runs side by side (default 1)")
    parser.add_argument("--dry-run", action="store_true", help="only tell what is left, and how long it takes")
    parser.add_argument("--plot", action=argparse.BooleanOptionalAction, default=True, help="draw a picture (default)")
    return parser


def _run(options: argparse.Namespace, sweep: Sweep, left: Sequence[PlannedRun]) -> None:
    """Each in a process of its own, whose memory is then the run's."""
    trials = {trial.asked: trial for trial in sweep.trials}
    jobs = [_job(options, trials[run.model, run.dataset, run.variant], run) for run in left]
    run_jobs(jobs, options.workers, RunsBar(left, options.workers))


def train_planned(run: PlannedRun, places: Places) -> None:
    """Without baselines, which are the same at every point, and without the catalogue's ranking."""
    from tfkgrec.benchmarks import quality

    protocol = registry.protocol(registry.model(run.model).protocols[0])
    less = ["evaluation.floors=[]", *([UNRANKED] if "test.auc" in protocol.headline.values() else [])]
    config = quality.config_of(run.model, run.dataset, run.variant, run.seed, places, less)
    quality.train(config, run.run, places.shared)


def _job(options: argparse.Namespace, trial: Trial, run: PlannedRun) -> Job:
    """A command for a single run."""
    command = [sys.executable, "-m", "tfkgrec.benchmarks.sweep_run", run.model, run.dataset]
    command += [options.variant or (figure_named(options.figure).variant if options.figure else "")]
    command += [str(run.seed), str(options.configs), str(options.runs), str(options.data_dir or "")]
    command += [f"{key}={value}" for key, value in trial.point.items()]
    return Job(run.name, command, options.runs / "logs" / f"{run.name.replace('/', '_')}.log")


def _show(sweep: Sweep, seeds: Sequence[int], places: Places, folder: Path, plot: bool) -> None:
    """Table, JSON, picture and HParams of what is measured."""
    from tfkgrec.benchmarks import hparams
    from tfkgrec.benchmarks.plan import is_measured
    from tfkgrec.benchmarks.quality import collected

    rows: list[tuple[Trial, ResultRow]] = []
    for trial in sweep.trials:
        done = [seed for seed in seeds if is_measured(places.run(*trial.asked, seed))]
        if done:
            rows.append((trial, collected(*trial.asked, done, places)))
    if not rows:
        raise InputError(f"{places.runs}: expected runs of the sweep, found none")
    table = as_table(sweep, rows)
    say(text_table(*table, names=2))
    write_text(folder / "table.md", _markdown(*table))
    found = [{"settings": dict(trial.point), **dataclasses.asdict(row)} for trial, row in rows]
    write_text(folder / "rows.json", json.dumps(found, indent=1))
    figures = _figures(rows[0][0])
    trials = {
        f"{trial.model}-{trial.dataset}-{trial.variant.name}-{seed}": (
            {"model": trial.model, "dataset": trial.dataset, **trial.point, "seed": str(seed)},
            {name: values[number] for name, values in row.test_by_seed.items()},
        )
        for trial, row in rows
        for number, seed in enumerate(row.seeds)
    }
    hparams.write_trials(folder / "hparams", figures, trials)
    if plot:
        _draw(sweep, rows, folder / "figure.png")
    say(f"\ntable, picture, HParams: {folder}")


def _figures(trial: Trial) -> dict[str, str]:
    """Title -> name of the figures that the protocol tells first."""
    return dict(registry.protocol(registry.model(trial.model).protocols[0]).headline)


def as_table(sweep: Sweep, rows: Sequence[tuple[Trial, "ResultRow"]]) -> tuple[list[str], list[list[str]]]:
    """Head and lines: what varies, then the figure that chooses, on validation, and the headline, on test."""
    from tfkgrec.benchmarks.tables import COSTS, cell

    figures = _figures(rows[0][0])
    first = next(iter(figures.values())).replace("test.", "validation.", 1)
    head = ["model", "data", *sweep.grid.axes, "seeds", f"{next(iter(figures))} (validation)", *figures]
    head += [cost.title for cost in COSTS]
    lines = []
    for trial, row in rows:
        costs = [cost.text(row.mean[cost.name]) if cost.name in row.mean else "-" for cost in COSTS]
        shown = [cell(row, first), *(cell(row, name) for name in figures.values()), *costs]
        where = [registry.model(trial.model).title, trial.dataset, *(trial.point[axis] for axis in sweep.grid.axes)]
        lines.append([*where, str(len(row.seeds)), *shown])
    return head, lines


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *([one.replace("+-", "±") for one in line] for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _draw(sweep: Sweep, rows: Sequence[tuple[Trial, "ResultRow"]], file: Path) -> None:
    """The last key that varies across, a line for every combination of the others."""
    from tfkgrec.benchmarks.plots import Curve, draw

    title, name = next(iter(_figures(rows[0][0]).items()))
    *others, axis = sweep.grid.axes
    groups: dict[str, list[tuple[str, float, float | None]]] = {}
    for trial, row in rows:
        label = ", ".join([registry.model(trial.model).title, trial.dataset, *(trial.point[key] for key in others)])
        groups.setdefault(label, []).append((trial.point[axis], row.mean[name], row.std[name]))
    curves = [Curve(label, *zip(*points, strict=True)) for label, points in groups.items()]
    draw(file, sweep.title, axis, f"{title}, test", curves)
