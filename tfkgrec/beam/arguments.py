"""What the commands that run on Beam take alike."""

import argparse
import sys
from collections.abc import Sequence

RUNNERS = ("DirectRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")


def add_runner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--runner` and `--shards`, and say what `--` is for."""
    parser.add_argument(
        "--runner", choices=RUNNERS, default=RUNNERS[0], help="DirectRunner: this machine (default: %(default)s)"
    )
    shards = "into how many files what grows with the users is cut (default: %(default)s)"
    parser.add_argument("--shards", type=int, default=10, metavar="N", help=shards)
    parser.epilog = "What follows `--` are Beam's own options: -- --flink_master=host:8081"


def split_options(argv: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """The command's own arguments, and those behind `--`, which are Beam's."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--" not in given:
        return given, []
    place = given.index("--")
    return given[:place], given[place + 1 :]
