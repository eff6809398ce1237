"""`tfkgrec train`: config in, run directory (and SavedModel) out."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tfkgrec import registry
from tfkgrec.cli import CommandParser, add_config_arguments, config_from, run_main
from tfkgrec.config import Config
from tfkgrec.files import check_folder
from tfkgrec.progress import say
from tfkgrec.tf_logging import quiet_import
from tfkgrec.training.local_workers import number_of_workers, run_workers


def main(argv: Sequence[str] | None = None) -> int:
    """Train, evaluate, and export when asked."""
    argv = sys.argv[1:] if argv is None else argv
    options = _options(argv)
    config = config_from(options)
    if options.export_dir is not None:
        check_folder(options.export_dir)  # before hours of training, not after
    run_dir = options.run_dir or default_run_dir(config)
    if options.strategy == "mirrored":
        count = number_of_workers(options.workers)
        if count > 1:
            command = [sys.executable, "-m", "tfkgrec.train", *argv, "--strategy=multiworker"]
            return run_workers([*command, f"--workers={count}", f"--run-dir={run_dir}"], count)
    together = options.strategy == "multiworker"

    with quiet_import(3 if together else 2):  # TensorFlow loads only once the config is known to be good
        from tfkgrec.runs.run import for_workers, train_along, train_run
        from tfkgrec.training.run_directory import RunDirectory
        from tfkgrec.training.workers import ALONE, workers_of_environment

    workers = workers_of_environment(options.workers) if together else ALONE
    with workers.together():
        config = for_workers(config, workers)
        if not workers.chief:
            say(f"worker {workers.index} of {workers.count}; worker 0 judges and writes")
            train_along(config, workers)
            return 0
        run, start, kept = RunDirectory(run_dir), options.start, options.data_cache
        train_run(config, run, options.resume, start=start, data_cache=kept, workers=workers)
    say(f"run: {run_dir}")
    if options.export_dir is not None:
        from tfkgrec.export import export_run

        say(f"export: {export_run(run_dir, options.export_dir)}")
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser(
        prog="tfkgrec train",
        description="Train a model, evaluate it, export it.",
        epilog=f"Models: {', '.join(registry.models())}. Datasets: {', '.join(registry.datasets())}. "
        f"Protocols: {', '.join(registry.protocols())}. {_presets()}",
    )
    _add_arguments(parser)
    options = parser.parse_args(argv)
    if options.workers is not None and (options.strategy is None or options.workers < 1):
        parser.error("--workers: expected a number from 1 on, and --strategy beside it")
    if options.resume and options.run_dir is None:
        parser.error("--resume: expected --run-dir DIR beside it")
    if options.resume and options.start is not None:
        parser.error("--from: expected no --resume beside it, which goes on from the run's own weights")
    return options


def _add_arguments(parser: CommandParser) -> None:
    add_config_arguments(parser)
    parser.add_argument(
        "--run-dir", type=Path, metavar="DIR", help="where the run goes (default runs/<model>-<dataset>-<time>)"
    )
    parser.add_argument("--export-dir", type=Path, metavar="DIR", help="also export to DIR/<model>/<version>/")
    parser.add_argument(
        "--from", dest="start", type=Path, metavar="RUN", help="start from the weights of a run, such as last week's"
    )
    parser.add_argument(
        "--data-cache",
        type=Path,
        metavar="DIR",
        help="keep prepared data here; the next start on the same takes seconds",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --run-dir")
    strategy = (
        "train in several processes (docs/scale.md): mirrored on this machine, which this command starts; "
        "multiworker as one of those that TF_CONFIG names"
    )
    parser.add_argument("--strategy", choices=("mirrored", "multiworker"), help=strategy)
    parser.add_argument("--workers", type=int, metavar="N", help="how many (mirrored: default one for each GPU)")


def _presets() -> str:
    """Which models have settings by name."""
    models = registry.models().values()
    names = sorted({name for spec in models for name in spec.presets})
    of = (f"{name} ({', '.join(spec.name for spec in models if name in spec.presets)})" for name in names)
    return f"Presets, as --set model.preset=NAME: {'; '.join(of)}."


def default_run_dir(config: Config) -> Path:
    """A new folder under runs/ for every start."""
    return Path("runs") / f"{config.model.name}-{config.data.dataset}-{time.strftime('%Y%m%d-%H%M%S')}"


if __name__ == "__main__":
    sys.exit(run_main(main))
