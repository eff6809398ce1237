"""`tfkgrec benchmark`: quality over seeds, and speed. Run it alone: the machine's other work goes into the figures."""

import argparse
import dataclasses
import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec import registry
from tfkgrec.benchmarks.matrix import BASELINE, Wanted, asked_for, models
from tfkgrec.benchmarks.parallel_jobs import Job
from tfkgrec.benchmarks.places import Places, configs_of, dataset_of
from tfkgrec.benchmarks.plan import PlannedRun, is_measured, planned_runs, told
from tfkgrec.cli import CommandParser, add_set_argument, run_main
from tfkgrec.errors import InputError
from tfkgrec.progress import say
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.benchmarks.results import ResultRow

__all__ = ["BASELINE", "main", "models"]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a table, write the rows when asked."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["serving"]:  # it has arguments of its own
        from tfkgrec.benchmarks import serving

        _tell(*serving.main(argv[1:]))
        return 0
    if argv[:1] in (["growth"], ["lists"], ["reading"], ["xla"], ["workers"]):
        rows, text = importlib.import_module(f"tfkgrec.benchmarks.{argv[0]}").main(argv[1:])
        _tell(rows, text, None)
        return 0
    if argv[:1] == ["sweep"]:
        from tfkgrec.benchmarks import sweep

        return sweep.main(argv[1:])
    if argv[:1] == ["tables"]:
        raise InputError("benchmark tables: expected python tools/results_tables.py of the repository, which does this")
    parser = _parser()
    options = parser.parse_args(argv)
    if options.workers < 1:
        parser.error(f"argument --workers: expected 1 or more, found {options.workers}")
    if options.what == "quality":
        _quality(options)
    else:
        _speed(options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="tfkgrec benchmark",
        description="Measure quality or speed. `benchmark quality` alone measures all that there are configs for.",
        epilog="sweep, growth, lists, reading, serving, workers and xla have arguments of their own (--help).",
    )
    parser.add_argument("what", choices=("quality", "speed"))
    parser.add_argument(
        "--models", nargs="+", choices=models(), help="default: quality all that have configs, speed dink"
    )
    parser.add_argument(
        "--datasets",
        nargs="+",
        metavar="NAME",
        help=f"of {', '.join(registry.datasets())}; default: those for which the model has a config",
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="quality: how many (default 3)")
    # Seed 0 is for tuning: choices are made on its validation split, so its test split is no unseen one.
    parser.add_argument("--first-seed", type=int, default=1, metavar="S", help="quality: seeds S..S+N-1 (default 1)")
    parser.add_argument(
        "--variants", nargs="+", metavar="NAME", help="quality: paper-fixed paper-fresh tuned-fixed ..."
    )
    parser.add_argument(
        "--ablations",
        action=argparse.BooleanOptionalAction,
        help="quality: also our settings less one part of the paper (default: where nothing else is named)",
    )
    parser.add_argument("--configs", type=Path, default=Path("configs"), metavar="DIR")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="quality: where runs lie"
    )
    parser.add_argument("--dry-run", action="store_true", help="quality: only tell what is left, and how long it takes")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="quality: runs side by side (default 1)")
    _add_speed_arguments(parser)
    add_set_argument(parser)
    parser.add_argument("--data-dir", type=Path, metavar="DIR")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the rows here; quality: beside those that are there"
    )
    return parser


def _add_speed_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=15.0, help="speed: length of each measurement (default 15)")
    most = "speed: measure up to N times, until two in a row agree within 10%% (default 5)"
    parser.add_argument("--most-runs", type=int, default=5, metavar="N", help=most)
    other = "speed: also RecBole's nearest models, in turn with ours, by the Python of an environment that has it"
    parser.add_argument("--peer-python", type=Path, metavar="PATH", help=other)


def _tell(rows: Sequence[Mapping[str, object]], text: str, file: Path | None) -> None:
    from tfkgrec.benchmarks.results import as_json, device
    from tfkgrec.files import write_text

    say(text)
    if file is not None:
        write_text(file, as_json(rows, device()))


def _quality(options: argparse.Namespace) -> None:
    """Run what is left, then tell of all that is measured, also where some runs have failed."""
    places = Places(options.configs, options.runs, options.data_dir)
    wanted = Wanted(options.models, options.datasets, options.variants, options.ablations)
    asked = asked_for(wanted, places)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    runs = planned_runs(asked, seeds, places)
    say(told(runs, options.workers, options.dry_run))
    if options.dry_run:
        return
    with quiet_import():
        from tfkgrec.benchmarks import comparison, quality, tables
        from tfkgrec.runs import test_reads
    try:
        _run(options, [run for run in runs if not run.done], places)
    finally:
        rows = []
        for one in asked:
            done = [seed for seed in seeds if is_measured(places.run(*one, seed))]
            rows += [quality.collected(*one, done, places)] if done else []
        rows = comparison.with_comparisons(tables.in_order(rows), tables.headline, places.run_of)
        say(tables.as_text(tables.tables(rows)))
        for line in test_reads.told(test_reads.count_reads(test_reads.runs_below(places.runs))):
            say(f"\ntest splits read, {line}")
        if options.json is not None:
            _merge(rows, options.json)


def _run(options: argparse.Namespace, left: Sequence[PlannedRun], places: Places) -> None:
    """Each in a process of its own, whose memory is then the run's; one alone in this process, where it is seen."""
    from tfkgrec.benchmarks import quality
    from tfkgrec.benchmarks.parallel_jobs import run_jobs
    from tfkgrec.benchmarks.progress_bar import RunsBar

    if len(left) == 1 and options.workers == 1:
        (run,) = left
        config = quality.config_of(run.model, run.dataset, run.variant, run.seed, places, options.overrides)
        quality.train(config, run.run, places.shared)
    elif left:
        run_jobs([_job(options, run) for run in left], options.workers, RunsBar(left, options.workers))


def _job(options: argparse.Namespace, run: PlannedRun) -> Job:
    """This command for a single run."""
    command = [sys.executable, "-m", "tfkgrec.benchmark", "quality", "--models", run.model, "--datasets", run.dataset]
    command += ["--variants", run.variant.name, "--seeds", "1", "--first-seed", str(run.seed)]
    command += ["--configs", str(options.configs), "--runs", str(options.runs)]
    command += [] if options.data_dir is None else ["--data-dir", str(options.data_dir)]
    command += ["--set", *options.overrides] if options.overrides else []
    return Job(run.name, command, options.runs / "logs" / f"{run.name}.log")


def _merge(rows: Sequence["ResultRow"], file: Path) -> None:
    """Into a file that may hold rows already."""
    from tfkgrec.benchmarks.results import Results, device

    merged, kept = Results.read(file).merged(rows, device())
    for line in kept:
        say(f"{file}: {line}")
    merged.write(file)


def _speed(options: argparse.Namespace) -> None:
    from tfkgrec.benchmarks import speed

    asked = []
    for model in options.models or ["dink"]:
        with_configs = [dataset_of(name) for name in configs_of(model, options.configs)]
        found = options.datasets or list(dict.fromkeys(name for name in with_configs if name)) or ["synthetic"]
        asked += [(dataset, model) for dataset in found]
    rows = speed.measure_all(asked, options.seconds, options.data_dir, options.overrides, options.most_runs)
    text, found = speed.as_text(rows), [dataclasses.asdict(row) for row in rows]
    if options.peer_python is not None:
        from tfkgrec.benchmarks import peers

        beside = speed.measure_peers(asked, options.peer_python, options.seconds, options.data_dir, options.overrides)
        found, text = [*found, *map(dataclasses.asdict, beside)], f"{text}\n\n{peers.as_text(beside)}"
    _tell(found, text, options.json)


if __name__ == "__main__":
    sys.exit(run_main(main))
