"""`tfkgrec prepare`: from raw files to numbered, split data in Parquet shards, here or on Apache Beam.

    tfkgrec prepare --config shop.yaml --output prepared --shards 7 --runner local
    tfkgrec prepare --config shop.yaml --output gs://shop/prepared --shards 1000 --runner FlinkRunner
        -- --flink_master=host:8081

A config with `data: {dataset: prepared, path: prepared}` trains from it, to the same result as from the raw files.
"""

import argparse
import sys
from collections.abc import Sequence

from tfkgrec.beam.arguments import LOCAL, add_runner_arguments, split_options
from tfkgrec.cli import CommandParser, add_config_arguments, config_from, run_main
from tfkgrec.errors import InputError
from tfkgrec.progress import phase, say


def main(argv: Sequence[str] | None = None) -> int:
    """Write the folder and say what is in it."""
    own, beam_options = split_options(argv)
    options = _parser().parse_args(own)
    from tfkgrec.beam.engines import Here, OnBeam
    from tfkgrec.beam.plan import Plan
    from tfkgrec.beam.prepare import check, prepare_on
    from tfkgrec.storage import anywhere, exists

    config = config_from(options, check=lambda config: check(config.data))
    output = anywhere(options.output)
    if exists(output):
        raise InputError(f"--output {options.output}: expected a place where nothing is, found something")
    if options.shards < 1:
        raise InputError(f"--shards: expected 1 or more, found {options.shards}")
    engine = Here() if options.runner == LOCAL else OnBeam(options.runner, beam_options)
    base = output.rstrip("/")
    plan = Plan(config.data, config.model, config.training.seed, options.shards, f"{base}.work")
    with phase("preparing"):
        found = prepare_on(engine, plan, output)
    for line in (*found.sources, *found.report):
        say(line)
    say(f"{sum(found.users):,} users, {found.items:,} items, {found.interactions:,} interactions, "
          f"{found.triples:,} triples, {found.shards} shards: {options.output}")  # fmt: skip
    if found.bad_rows:
        say(f"{found.bad_rows:,} rows that cannot be read: {options.output}/quarantine.csv")
    return 0


def _parser() -> argparse.ArgumentParser:
    text = "Number and split raw files into Parquet shards, which are complete or absent."
    parser = CommandParser(prog="tfkgrec prepare", description=text)
    add_config_arguments(parser)
    parser.add_argument("--output", required=True, metavar="DIR", help="a folder that is not there yet")
    add_runner_arguments(parser, local=True)
    return parser


if __name__ == "__main__":
    sys.exit(run_main(main))
