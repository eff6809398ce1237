"""`tfkgrec train`: config in, run directory (and SavedModel) out."""

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


def main(argv: Sequence[str] | None = None) -> int:
    """Train, evaluate, and export when asked."""
    parser = CommandParser(
        prog="tfkgrec train",
        description="Train a model, evaluate it, export it.",
        epilog=f"Models: {', '.join(registry.models())}. Datasets: {', '.join(registry.datasets())}. "
        f"Protocols: {', '.join(registry.protocols())}. {_presets()}",
    )
    _add_arguments(parser)
    options = parser.parse_args(argv)
    if options.resume and options.run_dir is None:
        parser.error("--resume: expected --run-dir DIR beside it")
    if options.resume and options.start is not None:
        parser.error("--from: expected no --resume beside it, which goes on from the run's own weights")
    config = config_from(options)
    if options.export_dir is not None:
        check_folder(options.export_dir)  # before hours of training, not after
    run_dir = options.run_dir or default_run_dir(config)

    with quiet_import():  # TensorFlow loads only once the config is known to be good
        from tfkgrec.runs.run import train_run
        from tfkgrec.training.run_directory import RunDirectory

    train_run(config, RunDirectory(run_dir), options.resume, start=options.start, data_cache=options.data_cache)
    say(f"run: {run_dir}")
    if options.export_dir is not None:
        from tfkgrec.export import export_run

        say(f"export: {export_run(run_dir, options.export_dir)}")
    return 0


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
