"""`tfkgrec <verb>`: the same verbs as `python -m tfkgrec.<verb>`, and what all their mains share.

Nothing heavy is imported before the verb is known, so `tfkgrec --help` answers at once.
A verb's module ends in

    if __name__ == "__main__":
        sys.exit(run_main(main))

and has `main(argv: Sequence[str] | None = None) -> int`; its parser says `prog="tfkgrec <verb>"`.
"""

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tfkgrec import __version__
from tfkgrec.config import Config, load_config
from tfkgrec.console import NOBODY_READS, drop_output, write_any_letter
from tfkgrec.errors import InputError
from tfkgrec.progress import LOG_FORMATS, answering, log_in, note

# verb -> (module with a `main`, what it does)
VERBS = {
    "quickstart": ("tfkgrec.quickstart", "the whole path on synthetic data: train, export, serve, explain"),
    "init": ("tfkgrec.init", "look at files of one's own and write a config that runs"),
    "prepare": ("tfkgrec.prepare_data", "number and split raw files into Parquet shards, here or on Apache Beam"),
    "tune": ("tfkgrec.tune", "search settings on the validation split, by Optuna; no test split is read"),
    "train": ("tfkgrec.train", "train a model from a config; write the run directory and the export"),
    "pretrain": ("tfkgrec.pretrain", "learn vectors of the knowledge graph and of the items for a model to start from"),
    "evaluate": ("tfkgrec.evaluate", "measure a trained run again, with the floors beside it"),
    "compare": ("tfkgrec.compare", "runs side by side: figures, paired differences, and what differs in the settings"),
    "report": ("tfkgrec.report", "write a run as one page of HTML that needs no network"),
    "export": ("tfkgrec.export", "write a trained run as a SavedModel for TF Serving"),
    "add-items": (
        "tfkgrec.add_items",
        "export a run with items that it never met, by their facts, without training",
    ),
    "serve": ("tfkgrec.serve", "serve SavedModels over the TF Serving gRPC API"),
    "recommend": (
        "tfkgrec.recommend",
        "what to show a user, from a server, a run or an export; or everybody, in a file",
    ),
    "batch-recommend": ("tfkgrec.batch_recommend", "lists for everybody from an export, on Apache Beam"),
    "similar": ("tfkgrec.similar", "the items that a model takes for most alike"),
    "explain": ("tfkgrec.explain", "ask a run or a server why an item is recommended"),
    "vectors": ("tfkgrec.vectors", "write the vectors behind a run's scores, for an index of nearest neighbours"),
    "plan": ("tfkgrec.plan", "memory, steps, hours and machines that a model would take on data of a size"),
    "benchmark": ("tfkgrec.benchmark", "measure quality, speed or serving"),
    "data": ("tfkgrec.data_stats", "print a dataset's counts and its split"),
}

# The machine's fault or a path's, not the program's: one line says more than a traceback.
_MACHINE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
_MACHINE_ERRORS |= {errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP}


def main(argv: Sequence[str] | None = None) -> int:
    """Console script `tfkgrec`: hand what follows the verb to the `main` of its module; without a verb, list them."""
    return run_main(_verb, argv)


def _verb(argv: Sequence[str] | None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    width = max(map(len, VERBS))
    parser = argparse.ArgumentParser(
        prog="tfkgrec",
        description="Knowledge-graph recommenders in Keras: train, evaluate, export, serve, explain.",
        epilog="verbs:\n" + "\n".join(f"  {verb:{width}}  {text}" for verb, (_, text) in VERBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tfkgrec {__version__}")
    parser.add_argument("verb", choices=VERBS, metavar="verb", help="as below; `tfkgrec <verb> --help` tells more")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    if not argv:
        parser.print_help()
        return 0
    options = parser.parse_args(argv)
    module, _ = VERBS[options.verb]
    return importlib.import_module(module).main(options.arguments) or 0


def run_main(main: Callable[[Sequence[str] | None], int | None], argv: Sequence[str] | None = None) -> int:
    """Call a verb's `main`, turn what people can mend into one line on stderr, and return the exit status.

    Returns:
        What `main` returned (None counts as 0); 2 for an `InputError`, a full disk or a folder that may not be written;
        130 after Ctrl-C; 141, without a word, when nobody reads the output any more (`| head`). Any other exception is
        a fault of ours and passes with its traceback.
    """
    write_any_letter()
    try:
        return _status(main, argv)
    finally:
        log_in(None)
        answering(False)


def _status(main: Callable[[Sequence[str] | None], int | None], argv: Sequence[str] | None) -> int:
    try:
        return _flushed(main, argv) or 0
    except BrokenPipeError:
        drop_output()
        return NOBODY_READS
    except InputError as error:
        line = str(error)
    except KeyboardInterrupt:
        line = "interrupted"
    except Exception as error:
        found = _machine_error(error)
        if found is None:
            raise
        line = found
    note(f"error: {' '.join(line.split())}", level="error")
    return 130 if line == "interrupted" else 2


def _flushed(main: Callable[[Sequence[str] | None], int | None], argv: Sequence[str] | None) -> int | None:
    """What `main` returns, and all that it printed written: a closed pipe is noticed here, not at Python's end."""
    try:
        return main(argv)
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()


def _machine_error(error: BaseException) -> str | None:
    """What the machine refused, or None. TensorFlow and HDF5 report a full disk as text in errors of their own."""
    if isinstance(error, OSError) and error.errno in _MACHINE_ERRORS and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    reasons = (os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
    return next((reason for reason in reasons if reason in str(error)), None)


class CommandParser(argparse.ArgumentParser):
    """The parser of a verb, with the options that all have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_log_format(self)
        answering(False)  # whatever an earlier command of this process was


def add_log_format(parser: argparse.ArgumentParser) -> None:
    """Add `--log-format`, which has its effect once it is read, until the command ends."""
    what = "lines with the time before them, or as objects of JSON, of which epochs and phases have fields"
    parser.add_argument("--log-format", choices=LOG_FORMATS, action=_LogIn, default=argparse.SUPPRESS, help=what)


class _LogIn(argparse.Action):
    def __call__(self, parser: object, namespace: object, values: Any, option: str | None = None) -> None:
        log_in(values)


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--config`, `--set`, `--data-dir` and `--seed`; `config_from` reads them."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, as in configs/")
    add_set_argument(parser)
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where the datasets lie (else $TFKGREC_DATA)")
    parser.add_argument("--seed", type=int, metavar="N", help="the same as --set training.seed=N")
    strict = "refuse files with a row that cannot be read: the same as --set data.max_bad_rows=0"
    parser.add_argument("--strict", action="store_true", help=strict)


def add_set_argument(
    parser: argparse.ArgumentParser,
    metavar: str = "section.key=value",
    help: str = "change settings of the file: --set training.epochs=3 model.dim=32",
) -> None:
    """Add `--set`; its texts are `options.overrides`."""
    parser.add_argument(
        "--set",
        dest="overrides",
        action="extend",
        nargs="+",
        default=[],
        metavar=metavar,
        help=help,
    )


def config_from(options: argparse.Namespace, check: Callable[[Config], None] = Config.check_run) -> Config:
    """The `Config` that the arguments of `add_config_arguments` describe; `check` as in `load_config`."""
    overrides = list(options.overrides)
    if options.seed is not None:
        overrides.append(f"training.seed={options.seed}")
    config = load_config(options.config, overrides, options.data_dir, check)
    if options.strict and hasattr(config.data.source, "max_bad_rows"):  # public datasets have no such row
        config = load_config(options.config, [*overrides, "data.max_bad_rows=0"], options.data_dir, check)
    return config


if __name__ == "__main__":
    sys.exit(main())
