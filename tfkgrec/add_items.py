"""`tfkgrec add-items`: a finished run's model takes in items by their facts alone, and is exported with them.

python -m tfkgrec.add_items runs/dink --items new_items.csv --triples new_triples.csv --export-dir export
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tfkgrec.cli import CommandParser, run_main
from tfkgrec.datasets.own_files.sources import Source
from tfkgrec.export import add_export_arguments
from tfkgrec.files import check_folder
from tfkgrec.progress import phase, say
from tfkgrec.tf_logging import quiet_import


class Added(NamedTuple):
    """Where the new version lies, how many items it has taken in, and what was left out, for people."""

    path: Path
    items: int
    report: tuple[str, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Export the run with the new items, and say what became of them."""
    parser = CommandParser(
        prog="tfkgrec add-items",
        description="Export a run with items that it never met, by their facts alone and without training.",
    )
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument(
        "--items", type=Path, required=True, metavar="FILE", help="a table with columns item and perhaps name, entity"
    )
    parser.add_argument("--triples", type=Path, required=True, metavar="FILE", help="their facts: head, relation, tail")
    add_export_arguments(parser)
    options = parser.parse_args(argv)
    added = add_items(options.run_dir, options.items, options.triples, options.export_dir, options.version)
    for line in added.report:
        say(line)
    say(f"{added.items:,} new items, known by their facts alone")
    say(f"export: {added.path}")
    return 0


def add_items(
    run_dir: str | Path, items: Source, triples: Source, export_dir: str | Path, version: int | None = None
) -> Added:
    """Export a finished run with items that it never met, whose answers flag them as new. The run stays as it is.

    Args:
        items: a file or a data frame with a column of item ids, and perhaps one of names, and one of entities: what
            the triples call the item, where that is not its id. Items that the run knows stay as they are.
        triples: head, relation, tail. Left out are items of which none tells what the model knows of others.
        version: as of `export_run`.

    Raises:
        InputError: a model that does not know items by their facts, an older run, or no such item.
    """
    check_folder(Path(export_dir))
    with quiet_import():
        from tfkgrec.savedmodel.exporter import export_signatures
        from tfkgrec.savedmodel.in_process import grown_signatures
        from tfkgrec.savedmodel.model_card import run_facts

    with tempfile.TemporaryDirectory(prefix="tfkgrec-") as folder:
        with phase(f"taking the items into {run_dir}"):
            own = grown_signatures(run_dir, items, triples, Path(folder))
        facts = run_facts(own.run, own.trained_on, own.new_items)
        with phase("writing the export"):
            path = export_signatures(own.signatures, own.model, Path(folder), Path(export_dir), facts, version)
    return Added(path, own.new_items, own.report)


if __name__ == "__main__":
    sys.exit(run_main(main))
