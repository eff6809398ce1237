"""`python -m tfkgrec.data stats --config FILE`: the counts of a dataset and of its split, for people."""

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from tfkgrec.cli import add_config_arguments, config_from, run_main
from tfkgrec.config import DataConfig
from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset
from tfkgrec.datasets.load import load_raw
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.protocols.ctr.split import Splits, protocol_c
from tfkgrec.protocols.sequential.split import SequenceSplits, protocol_s
from tfkgrec.protocols.top_n.split import TimeSplits, protocol_r


def main(argv: Sequence[str] | None = None) -> int:
    """Read the data that a config names, split it and print the counts."""
    parser = argparse.ArgumentParser(prog="tfkgrec data", description="Look at a dataset before training on it.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add_config_arguments(verbs.add_parser("stats", help="print the counts and the split"))
    config = config_from(parser.parse_args(argv))

    seed = config.training.seed
    dataset = assemble(load_raw(config.data, config.data.data_dir, seed), seed, config.data.inverse_relations)
    graph = f", graph {config.data.knowledge_graph}" if config.data.knowledge_graph else ""
    print(f"{dataset.name}{graph}\n")
    print(counts_table(dataset))
    print(f"\nprotocol {config.data.protocol}, seed {seed}\n")
    splits = _split(dataset, config.data, seed)
    if isinstance(splits, Splits):
        print(split_table(splits))
    for line in (*dataset.report, *splits.report):
        print(f"\n{line}")
    return 0


def _split(dataset: Dataset, data: DataConfig, seed: int) -> Splits | SequenceSplits | TimeSplits:
    """As the protocol of the config splits it."""
    if data.protocol == "S":
        return protocol_s(dataset, seed, data.next or "item")
    return protocol_r(dataset, seed, data.cold_users) if data.protocol == "R" else protocol_c(dataset, seed)


def counts_table(dataset: Dataset) -> str:
    """One count per line."""
    return text_table(
        ["", "count"], [[name.replace("_", " "), f"{count:,}"] for name, count in dataset.stats().items()]
    )


def split_table(splits: Splits) -> str:
    """Pairs, positives, users and items of each part, and how much the users' histories hold."""
    rows = []
    for name in ("train", "validation", "test"):
        part = getattr(splits, name)
        counts = (len(part), len(part.positives), len(np.unique(part.user)), len(np.unique(part.item)))
        rows.append([name, *(f"{count:,}" for count in counts)])
    lengths = splits.history_lengths[splits.history_lengths > 0]
    return (
        text_table(["", "pairs", "positives", "users", "items"], rows)
        + f"\n\ntraining positives a user: median {np.median(lengths):,.0f}, mean {lengths.mean():,.1f},"
        f" most {lengths.max():,}; {np.mean(lengths == 1):.0%} of the users have one"
    )


if __name__ == "__main__":
    sys.exit(run_main(main))
