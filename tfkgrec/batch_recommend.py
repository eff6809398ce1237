"""`tfkgrec batch-recommend`: lists for everybody, on Apache Beam, from an export.

    tfkgrec batch-recommend --model export/hkrm/3 --users users.txt --output recs --k 100 --runner DirectRunner
    tfkgrec batch-recommend --model gs://shop/export/hkrm/3 --users 'gs://shop/users/*.parquet' --output gs://shop/recs
        --k 100 --shards 1000 --runner FlinkRunner -- --flink_master=host:8081 --environment_type=EXTERNAL

On one machine `tfkgrec recommend --users FILE --output FILE` does the same without Beam.
"""

import argparse
import sys
from collections.abc import Sequence

from tfkgrec.beam.arguments import add_runner_arguments, split_options
from tfkgrec.cli import CommandParser, run_main
from tfkgrec.errors import InputError
from tfkgrec.progress import phase, say
from tfkgrec.tf_logging import quiet_import


def main(argv: Sequence[str] | None = None) -> int:
    """Write a folder of Parquet shards."""
    own, beam_options = split_options(argv)
    options = _parser().parse_args(own)
    from tfkgrec.storage import anywhere, exists

    output = anywhere(options.output)
    if exists(output):
        raise InputError(f"--output {options.output}: expected a place where nothing is, found something")
    for name in ("k", "shards"):
        if getattr(options, name) < 1:
            raise InputError(f"--{name}: expected 1 or more, found {getattr(options, name)}")
    with quiet_import():
        from tfkgrec.beam.batch_recommend import Lists, recommend_on
    asked = Lists(anywhere(options.model), anywhere(options.users), options.k, options.shards)
    with phase(f"recommending on {options.runner}"):
        found = recommend_on(options.runner, asked, output, beam_options)
    say(f"{found.rows:,} recommendations for {found.users:,} users: {options.output}, {options.shards} shards")
    if found.unknown:
        say(f"unknown to the model: {found.unknown:,} of these users, who get its most popular items instead")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="tfkgrec batch-recommend",
        description="What to show everybody, worked out on Apache Beam: a folder of Parquet, complete or absent.",
    )
    parser.add_argument("--model", required=True, metavar="EXPORT", help="an export: export/hkrm/3, gs://shop/hkrm/3")
    users = "files of them: one id a line, or a table with a column user; a file, a folder or a pattern"
    parser.add_argument("--users", required=True, metavar="FILES", help=users)
    parser.add_argument("--output", required=True, metavar="DIR", help="a folder that is not there yet")
    parser.add_argument("--k", type=int, default=100, help="how many items of each (default: %(default)s)")
    add_runner_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(run_main(main))
