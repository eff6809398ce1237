"""What the commands that run on Beam take alike."""

import argparse
import sys
from collections.abc import Sequence

RUNNERS = ("DirectRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")


LOCAL = "local"


def add_runner_arguments(parser: argparse.ArgumentParser, local: bool = False) -> None:
    """Add `--runner` and `--shards`, and say what `--` is for; `local`: it can do without Beam, too."""
    names = (LOCAL, *RUNNERS) if local else RUNNERS
    said = "local: this process, without Beam; " if local else ""
    said += "DirectRunner: Beam on this machine, which holds everything (default: %(default)s)"
    parser.add_argument("--runner", choices=names, default=names[0], help=said)
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
