"""`python -m tfkgrec.data stats --config FILE`: the counts of a dataset and of its split, for people."""

import sys
from collections.abc import Sequence

import numpy as np

from tfkgrec import registry
from tfkgrec.cli import CommandParser, add_config_arguments, config_from, run_main
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset
from tfkgrec.datasets.load import load_dataset, load_splits
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.progress import phase, say


def main(argv: Sequence[str] | None = None) -> int:
    """Read the data that a config names, split it and print the counts."""
    parser = CommandParser(prog="tfkgrec data", description="Look at a dataset before training on it.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add_config_arguments(verbs.add_parser("stats", help="print the counts and the split"))
    config = config_from(parser.parse_args(argv), check=lambda config: None)  # nothing is trained

    seed, data = config.training.seed, config.data
    dataset = load_dataset(data, seed)
    graph = f", graph {data.knowledge_graph}" if data.knowledge_graph else ""
    say(f"{dataset.name}{graph}\n")
    say(counts_table(dataset))
    say(f"\nprotocol {data.protocol}, seed {seed}\n")
    with phase("splitting"):
        cut = registry.load(registry.protocol(data.protocol).cut)
        splits = load_splits(data, dataset, seed) or cut(dataset, data.split, seed)
    columns = list(splits.counts["train"])
    parts = [[name, *(f"{part[what]:,}" for what in columns)] for name, part in splits.counts.items()]
    say(text_table(["", *columns], parts))
    say(f"\n{history_line(splits.train_history)}")
    for line in dataset.sources:
        say(f"\n{line}")
    for line in (*dataset.report, *splits.report):
        say(f"\n{line}")
    return 0


def counts_table(dataset: Dataset) -> str:
    """One count per line."""
    return text_table(
        ["", "count"], [[name.replace("_", " "), f"{count:,}"] for name, count in dataset.stats().items()]
    )


def history_line(known: History) -> str:
    """How much the users' histories hold."""
    lengths = known.lengths[known.lengths > 0]
    return (
        f"training positives a user: median {np.median(lengths):,.0f}, mean {lengths.mean():,.1f},"
        f" most {lengths.max():,}; {np.mean(lengths == 1):.0%} of the users have one"
    )


if __name__ == "__main__":
    sys.exit(run_main(main))
