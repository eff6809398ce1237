"""`python -m tfkgrec.init DIR --interactions FILE`: look at one's own files and write a config that runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from tfkgrec import registry
from tfkgrec.cli import CommandParser, run_main
from tfkgrec.config import build_config
from tfkgrec.datasets.own_files.inspect import Facts, Pairs
from tfkgrec.datasets.own_files.sources import How
from tfkgrec.errors import InputError
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.files import check_folder, write_text
from tfkgrec.progress import phase, say
from tfkgrec.runs.first_config import Files, choose, config_text, look

ROLES = ("user", "item", "rating", "timestamp")
TOP = 8  # relations that are shown


def main(argv: Sequence[str] | None = None) -> int:
    """Look, print what was found, choose, write DIR/<model>.yaml."""
    options = _parser().parse_args(argv)
    check_folder(options.dir)
    how = How(options.encoding)
    files = Files(*(getattr(options, name) for name in Files._fields))
    given = {role: getattr(options, role) for role in ROLES if getattr(options, role) is not None}
    with phase("looking at the files"):
        pairs, facts = look(files, given, how)
    say(_told(pairs, facts))
    chosen = choose(pairs, facts, options.positive_at, options.model)
    path = options.dir / f"{chosen.model.value}.yaml"
    if path.exists():
        raise InputError(f"{path}: expected no config there yet, found one")
    for choice in (chosen.protocol, chosen.model, chosen.positive_at):
        say(f"\n{choice.why}")
    text = config_text(files, pairs, facts, chosen, options.encoding, options.dir)
    build_config(yaml.safe_load(text))  # whatever is written here runs
    write_text(path, text)
    say(f"\n{path} is written. Next:\n")
    say(f"  tfkgrec data stats --config {path}")
    say(f"  tfkgrec train --config {path} --run-dir {options.dir / 'run'} --export-dir {options.dir / 'export'}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="tfkgrec init", description="Look at files and write a config that runs.")
    parser.add_argument("dir", type=Path, metavar="DIR", help="where the config goes")
    parser.add_argument("--interactions", type=Path, required=True, metavar="FILE", help="who had to do with what")
    facts = parser.add_mutually_exclusive_group()
    facts.add_argument("--triples", type=Path, metavar="FILE", help="head, relation, tail")
    facts.add_argument("--item-table", type=Path, metavar="FILE", help="a row for every item, facts in its columns")
    parser.add_argument("--item-links", type=Path, metavar="FILE", help="item, entity: where they have other ids there")
    parser.add_argument("--item-names", type=Path, metavar="FILE", help="item, name: for people")
    parser.add_argument("--model", choices=registry.models(), metavar="NAME", help="not the one that suits the files")
    parser.add_argument("--positive-at", type=float, metavar="N", help="a rating at or above it is a positive")
    parser.add_argument("--encoding", default="utf-8", metavar="NAME", help="of the text files (default utf-8)")
    for role in ROLES:
        parser.add_argument(f"--{role}", metavar="NAME", help=f"the column of {role}s, where looking does not tell")
    return parser


def _told(pairs: Pairs, facts: Facts | None) -> str:
    """What was found, for people."""
    columns = ", ".join(f"{role} = {column!r}" for role, column in pairs.columns.items())
    rows = [
        ("interactions", f"{pairs.rows:,}"),
        ("users", f"{len(pairs.users):,}"),
        ("items", f"{len(pairs.items):,}"),
        ("of all pairs", f"{pairs.density:.2%}"),
        ("interactions a user, median", f"{pairs.users.median():,.0f}"),
        ("interactions an item, median", f"{pairs.items.median():,.0f}"),
    ]
    if pairs.ratings is not None:
        rows.append(("ratings", f"{pairs.ratings.index.min():g} to {pairs.ratings.index.max():g}"))
    if pairs.span is not None:
        rows.append(("times", f"{pairs.span[0]:%Y-%m-%d} to {pairs.span[1]:%Y-%m-%d}"))
    parts = [f"{pairs.source}: {pairs.kind}; {columns}", text_table(["", "found"], rows)]
    if facts is not None:
        parts.append(
            f"{facts.source}: {facts.kind}, {facts.rows:,} rows; {facts.linked:.0%} of the interactions are of"
            " items with a fact"
        )
        shown = [(str(name), f"{count:,}") for name, count in facts.relations.head(TOP).items()]
        more = len(facts.relations) - len(shown)
        parts.append(text_table(["relation", "facts"], [*shown, *([(f"and {more:,} more", "")] if more else [])]))
    return "\n\n".join([*parts, *(f"Look at this: {line}" for line in pairs.odd())])


if __name__ == "__main__":
    sys.exit(run_main(main))
