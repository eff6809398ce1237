"""Small data sets for the tests of splits, batches and models."""

import numpy as np
import pandas as pd

from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset, RawData
from tfkgrec.protocols.ctr.split import Splits, split_ctr


def raw_data(
    users: int = 40,
    items: int = 60,
    seed: int = 0,
    timed: bool = True,
    disliked: int = 2,
) -> RawData:
    """Users with 1 to 12 positives and `disliked` rated items that are none; raw ids count up, item 0 is the favourite.

    Every item but each tenth has one to four triples to 15 attributes; items 1 and 2 are sequels of item 0.
    """
    rng = np.random.default_rng(seed)
    rows = []
    popularity = 1 / (1 + np.arange(items))
    for user in range(users):
        count = int(rng.integers(1, 13))
        taken = rng.choice(items, count + disliked, replace=False, p=popularity / popularity.sum())
        rows += [(f"u{user:03d}", f"i{item:03d}", n < count, int(rng.integers(1_000))) for n, item in enumerate(taken)]
    table = pd.DataFrame(rows, columns=["user", "item", "positive", "timestamp"])
    triples = [("i001", "sequel_of", "i000"), ("i002", "sequel_of", "i000")]
    for item in range(items):
        if item % 10:
            for n in rng.choice(15, rng.integers(1, 5), replace=False):
                triples.append((f"i{item:03d}", f"relation-{n % 3}", f"attribute-{n}"))
    ids = [f"i{item:03d}" for item in range(items)]
    return RawData(
        "small",
        table if timed else table.drop(columns="timestamp"),
        pd.DataFrame(triples, columns=["head", "relation", "tail"]),
        pd.DataFrame({"item": ids, "entity": ids}),
    )


def dataset(seed: int = 0, inverse_relations: bool = False, **settings: int) -> Dataset:
    """`raw_data` with its inner ids."""
    return assemble(raw_data(seed=seed, **settings), seed, inverse_relations)


def splits(**settings) -> Splits:
    """Of `dataset`, for click-through."""
    return split_ctr(dataset(**settings), settings.get("seed", 0))
