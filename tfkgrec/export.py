"""`tfkgrec export`: a finished run becomes a SavedModel version for TF Serving."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tfkgrec.cli import CommandParser, run_main
from tfkgrec.files import check_folder
from tfkgrec.progress import phase, say
from tfkgrec.tf_logging import quiet_import


def main(argv: Sequence[str] | None = None) -> int:
    """Export one run and print where it went."""
    parser = CommandParser(prog="tfkgrec export", description="Write a run as EXPORT_DIR/<model>/<version>/.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    add_export_arguments(parser)
    parser.add_argument(
        "--refit",
        action="store_true",
        help="first train anew on all of the run's data, validation and test too, for the epochs that validation chose",
    )
    parser.add_argument(
        "--explain-more",
        action="store_true",
        help="also answer explain --method shapley and --needed, which makes loading it take longer",
    )
    options = parser.parse_args(argv)
    how = options.version, options.refit, options.explain_more
    say(f"export: {export_run(options.run_dir, options.export_dir, *how)}")
    return 0


def export_run(
    run_dir: str | Path,
    export_dir: str | Path,
    version: int | None = None,
    refit: bool = False,
    explain_more: bool = False,
) -> Path:
    """Export a finished run as `version`, by default the next; returns the folder of the new version.

    Args:
        refit: export the model trained anew on everything, as a run with `training.final_fit` does anyway; the run
            itself stays as it is.
        explain_more: whether it has the signatures `explain_shapley` and `needed`.
    """
    export_dir = Path(export_dir)
    check_folder(export_dir)
    with quiet_import():
        from tfkgrec.savedmodel.exporter import export_signatures
        from tfkgrec.savedmodel.in_process import run_signatures
        from tfkgrec.savedmodel.model_card import run_facts

    with phase(f"loading {run_dir}"):
        own = run_signatures(run_dir, refit, explain_more=explain_more)
        facts = run_facts(own.run, own.trained_on)
    with phase("writing the export"):
        return export_signatures(own.signatures, own.model, own.run.vocabularies, export_dir, facts, version)


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--export-dir` and `--version`."""
    parser.add_argument("--export-dir", type=Path, default=Path("export"), metavar="DIR", help="default: export")
    parser.add_argument(
        "--version", type=_version, metavar="N", help="number of the version, a new one (default: the next)"
    )


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(run_main(main))
