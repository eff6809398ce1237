"""`tfkgrec benchmark`: quality over seeds, and speed. Run it alone: the machine's other work goes into the figures."""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec import registry
from tfkgrec.benchmarks.parallel_jobs import Job, run_jobs
from tfkgrec.benchmarks.places import Places, configs_of, dataset_of
from tfkgrec.cli import add_set_argument, run_main
from tfkgrec.errors import InputError
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.benchmarks.results import ResultRow
    from tfkgrec.benchmarks.variants import Variant

    Asked = tuple[str, str, Variant]
    """Model, dataset, variant."""
    Rows = Sequence[ResultRow] | Sequence[Mapping[str, object]]
    Told = tuple[Rows, str, Path | None]
    """Rows, a text for people, and the file that takes the rows."""

BASELINE = "mf"  # measured with everything


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a table, write the rows when asked."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["serving"]:  # it has arguments of its own
        from tfkgrec.benchmarks import serving

        _tell(*serving.main(argv[1:]))
        return 0
    if argv[:1] == ["tables"]:
        raise InputError("benchmark tables: expected python tools/results_tables.py of the repository, which does this")
    parser = _parser()
    options = parser.parse_args(argv)
    if options.workers < 1:
        parser.error(f"argument --workers: expected 1 or more, found {options.workers}")
    measured: Callable[[argparse.Namespace], Told] = _quality if options.what == "quality" else _speed
    _tell(*measured(options))
    return 0


def models() -> list[str]:
    """What can be measured, MF aside, which is measured with everything; models of other packages, too."""
    return [name for name in registry.models() if name != BASELINE]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tfkgrec benchmark",
        description="Measure quality or speed.",
        epilog="`benchmark serving` has arguments of its own: see its --help.",
    )
    parser.add_argument("what", choices=("quality", "speed"))
    parser.add_argument("--models", nargs="+", choices=models(), default=["dink"], help="default: dink")
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
        "--ablations", action="store_true", help="quality: also our settings less one part of the paper"
    )
    parser.add_argument("--configs", type=Path, default=Path("configs"), metavar="DIR")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/benchmark"), metavar="DIR", help="quality: where runs lie"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="speed: length of each measurement (default 15)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="quality: runs side by side (default 1)")
    add_set_argument(parser)
    parser.add_argument("--data-dir", type=Path, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    return parser


def _tell(rows: "Rows", text: str, file: Path | None) -> None:
    from tfkgrec.benchmarks.results import as_json, device
    from tfkgrec.files import write_text

    print(text)
    if file is not None:
        write_text(file, as_json(rows, device()))


def _quality(options: argparse.Namespace) -> "Told":
    places = Places(options.configs, options.runs, options.data_dir)
    asked = _asked(options, places)
    with quiet_import():
        from tfkgrec.benchmarks import quality, tables
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    if options.workers > 1:
        jobs = [
            _job(options, *one, seed)
            for one in asked
            for seed in seeds
            if not quality.is_measured(places.run(*one, seed))
        ]
        run_jobs(jobs, options.workers)
    rows = [quality.measure(*one, seeds, places, options.overrides) for one in asked]
    return rows, tables.as_text(tables.tables(rows)), options.json


def _asked(options: argparse.Namespace, places: Places) -> list["Asked"]:
    """What the arguments ask for, in the order of the tables.

    Raises:
        InputError: no such variant, or no config for it: a mistake shows before any work.
    """
    from tfkgrec.benchmarks.variants import ablations_of, variant, variants_of

    asked = []
    for model in options.models:
        found = options.datasets or configs_of(model, options.configs)
        if not found:
            raise InputError(f"{options.configs / model}: expected configs of {model}, such as lastfm.yaml, found none")
        for dataset in found:
            names = list(options.variants or variants_of(model))
            names += [name for name in ablations_of(model) if options.ablations and name not in names]
            rows = [variant(model, name) for name in names]
            if options.variants is None:
                rows = _with_config(rows, model, dataset, places)
            for row in sorted(rows, key=lambda row: row.suffix):  # ours first
                places.check_config(model, dataset, row)
            asked += [(model, dataset, row) for row in rows]
    order = list(dict.fromkeys(dataset for _, dataset, _ in asked))
    return sorted(asked, key=lambda one: order.index(one[1]))  # the models of a dataset stand together


def _with_config(rows: list["Variant"], model: str, dataset: str, places: Places) -> list["Variant"]:
    """The rows that can be measured where nobody asked for any by name: not every config has a paper's beside it."""
    there = {row.suffix for row in rows if places.config(model, dataset, row).exists()}
    if "" not in there:
        return rows  # the check says what lacks
    for suffix in dict.fromkeys(row.suffix for row in rows if row.suffix not in there):
        print(f"left out: {model} on {dataset} with the settings of its paper, as there is no {dataset}{suffix}.yaml")
    return [row for row in rows if row.suffix in there]


def _job(options: argparse.Namespace, model: str, dataset: str, variant: "Variant", seed: int) -> Job:
    """This command for a single run."""
    command = [sys.executable, "-m", "tfkgrec.benchmark", "quality", "--models", model, "--datasets", dataset]
    command += ["--variants", variant.name, "--seeds", "1", "--first-seed", str(seed)]
    command += ["--configs", str(options.configs), "--runs", str(options.runs)]
    command += [] if options.data_dir is None else ["--data-dir", str(options.data_dir)]
    command += ["--set", *options.overrides] if options.overrides else []
    name = f"{model}-{dataset}-{variant.name}-seed-{seed}"
    return Job(name, command, options.runs / "logs" / f"{name}.log")


def _speed(options: argparse.Namespace) -> "Told":
    from tfkgrec.benchmarks import speed

    asked = []
    for model in options.models:
        with_configs = [dataset_of(name) for name in configs_of(model, options.configs)]
        found = options.datasets or list(dict.fromkeys(name for name in with_configs if name)) or ["synthetic"]
        asked += [(dataset, model) for dataset in found]
    rows = speed.measure_all(asked, options.seconds, options.data_dir, options.overrides)
    return [dataclasses.asdict(row) for row in rows], speed.as_text(rows), options.json


if __name__ == "__main__":
    sys.exit(run_main(main))
