"""`tfkgrec vectors`: the vectors of items, and of users, whose dot product is the model's score or a part of it.

python -m tfkgrec.vectors runs/dink --output items.parquet --users-output users.parquet
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from tfkgrec.cli import CommandParser, run_main
from tfkgrec.errors import InputError
from tfkgrec.progress import Bar, phase, say
from tfkgrec.tf_logging import quiet_import

SUFFIXES = (".parquet", ".jsonl")


def main(argv: Sequence[str] | None = None) -> int:
    """Write them, and say what their product is."""
    parser = CommandParser(
        prog="tfkgrec vectors", description="Write the vectors whose dot product is a run's score, or a part of it."
    )
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="of items: .parquet or .jsonl; id, name, vector"
    )
    parser.add_argument("--users-output", type=Path, metavar="FILE", help="of users, in the same way")
    options = parser.parse_args(argv)
    from tfkgrec.offline.table_files import check_output

    for key, file in (("--output", options.output), ("--users-output", options.users_output)):
        if file is not None:
            if file.suffix not in SUFFIXES:
                raise InputError(f"{key}: expected a file that ends in {' or '.join(SUFFIXES)}, found {file}")
            check_output(file, key)
    with quiet_import():
        from tfkgrec.offline.table_files import write_tables
        from tfkgrec.offline.vectors import SCHEMA, item_vectors, meaning, user_vectors
        from tfkgrec.runs.served import served_model

    with phase(f"loading {options.run_dir}"):
        served = served_model(options.run_dir)
    said = meaning(served.model, served.name)
    table = item_vectors(served)
    write_tables(options.output, SCHEMA, [table])
    say(f"{len(table):,} items, vectors of {len(table['vector'][0])}: {options.output}")
    if options.users_output is not None:
        bar = Bar(len(served.seen.known) - 1, "users")
        table = user_vectors(served, bar.show)
        write_tables(options.users_output, SCHEMA, [table])
        say(f"{len(table):,} users: {options.users_output}")
    say(said)
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
