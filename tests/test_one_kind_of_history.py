"""Training reads histories of the kind that evaluation reads: as long, reaching as far back, of items as popular.

Each protocol is asked in a world whose taste drifts, and on MovieLens-1M where it is there. What training under
`data.history: mixed` did, runs from before that key, has to fail.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tests.real_data import needs_real_data
from tfkgrec.config import DataConfig
from tfkgrec.data.assemble import assemble
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset, RawData
from tfkgrec.datasets.load import load_raw
from tfkgrec.models.context import BuildContext
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.ctr.split import split_ctr
from tfkgrec.protocols.ctr.whole_histories import WholeHistoryBatches
from tfkgrec.protocols.sequential.batches import SequenceBatches
from tfkgrec.protocols.sequential.split import split_sequences
from tfkgrec.protocols.top_n.batches import TimeBatches
from tfkgrec.protocols.top_n.split import split_by_time

T, M = 12, 4
TOLERANCE = 0.04  # of each mean: a stretch of training ends a few items before what evaluation reads

Rows = Iterator[tuple[int, np.ndarray]]
"""Users, each with the items of a history."""


@dataclass(frozen=True)
class Told:
    """Means over users of what their histories are like."""

    length: float
    age: float  # of an item: how many of the user's items lie between it and the newest of the history
    popularity: float  # training positives of an item

    def differs(self, other: "Told") -> list[str]:
        """Which of the means are further apart than the tolerance."""
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in ("length", "age", "popularity")}
        return [name for name, (a, b) in pairs.items() if abs(a - b) > TOLERANCE * max(a, b)]


def told(rows: Rows, known: History, num_item_rows: int, users: np.ndarray, last: bool = False) -> Told:
    """Of the histories of `users`; `last`: of the one of each user that ends last, where histories grow."""
    popularity = known.counts(num_item_rows)
    of_user: dict[int, list[tuple[float, ...]]] = {}
    for user, items in rows:
        if users[user] and len(items):
            own = known.of(user)
            order = np.argsort(own)
            rank = order[np.searchsorted(own[order], items)]
            of_user.setdefault(user, []).append(
                (rank.max(), len(items), (rank.max() - rank).mean(), popularity[items].mean())
            )
    means = [max(rows)[1:] if last else np.mean(rows, axis=0)[1:] for rows in of_user.values()]
    return Told(*np.mean(means, axis=0))


def of_table(table: np.ndarray) -> Rows:
    """Of a row for every user."""
    for user, row in enumerate(table):
        yield user, row[row > 0]


def of_batches(batches, epochs: int = 2) -> Rows:
    """What a pair of every row sees, of some epochs of training under ctr or top_n."""
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        for inputs, *_ in batches.batches(epoch):
            left_out = inputs.get("left_out", np.full(inputs["item"].shape, -1))
            column = rng.integers(0, left_out.shape[1])
            for g in np.flatnonzero(inputs["user"]):
                row, item = inputs["history"][g], inputs["item"][g, column]
                gone = row == item if (row == item).any() else np.arange(len(row)) == left_out[g, column]
                yield int(inputs["user"][g]), row[(row > 0) & ~gone]


# ---------------------------------------------------------------------------------------------------------------------
# worlds


@functools.cache
def drifting(users: int = 200, items: int = 400, seed: int = 0) -> Dataset:
    """Everybody begins with favourites and ends with what few know, as in MovieLens-1M; some stay for long."""
    rng, rows = np.random.default_rng(seed), []
    weight = 1 / (40 + np.arange(items))
    for user in range(users):
        count = int(rng.integers(40, 200))
        taken = rng.choice(items, count, replace=False, p=weight / weight.sum())
        when = taken + 220 * rng.normal(size=count)
        times = np.argsort(np.argsort(when))
        rows += [(f"u{user}", f"i{item}", True, int(t)) for item, t in zip(taken, times, strict=True)]
    table = pd.DataFrame(rows, columns=["user", "item", "positive", "timestamp"])
    ids = [f"i{item}" for item in range(items)]
    triples = pd.DataFrame(
        [(i, "of", f"kind {n % 7}") for n, i in enumerate(ids)], columns=["head", "relation", "tail"]
    )
    return assemble(RawData("drifting", table, triples, pd.DataFrame({"item": ids, "entity": ids})), seed)


@functools.cache
def movielens() -> Dataset:
    data = DataConfig("ml-1m", knowledge_graph="satori-mkr")
    return assemble(load_raw(data, seed=0), 0)


WORLDS = [
    pytest.param(drifting, id="drifting"),
    pytest.param(movielens, id="ml-1m", marks=[needs_real_data, pytest.mark.slow]),
]
every_world = pytest.mark.parametrize("world", WORLDS)


# ---------------------------------------------------------------------------------------------------------------------
# protocols


def click_histories(dataset: Dataset, kind: str) -> tuple[Told, Told]:
    """Of training, of evaluation; of those users whose histories are cut where they are."""
    splits = split_ctr(dataset, 0)
    known, rows = splits.train_history, splits.num_item_rows
    users = known.lengths > (0 if kind == "whole" else T + M)
    stored = BuildContext(dataset, known, np.random.default_rng(0), kind).stored_history(T)
    if kind == "whole":
        batches = WholeHistoryBatches(splits, 256, M, T, "fixed", seed=0)
    else:
        batches = TrainingBatches(splits, 256, M, T, "fixed", 0, histories="newest" if kind == "newest" else "random")
    last = kind == "newest"
    evaluated = of_table(stored.newest(int(stored.lengths.max())))
    return told(of_batches(batches), known, rows, users, last), told(evaluated, known, rows, users, last)


def next_item_histories(dataset: Dataset) -> tuple[Told, Told]:
    splits = split_sequences(dataset, 0)
    known, rows = splits.train_history, splits.num_item_rows
    windows = SequenceBatches(splits, 16, T, "bpr", 1, seed=0).windows
    trained = ((int(u), h[h > 0]) for u, h in zip(windows.user, windows.history, strict=True))
    everybody = np.arange(known.num_users)
    asked = of_table(splits.histories("validation", everybody, T))
    users = known.lengths > T + 1
    return told(trained, known, rows, users, True), told(asked, known, rows, users, True)


def later_items_histories(dataset: Dataset) -> tuple[Told, Told]:
    splits = split_by_time(dataset, 0)
    known, rows = splits.train_history, splits.num_item_rows
    batches = TimeBatches(splits, batch_size=256, items_per_user=M, history_length=T, negatives="fixed", seed=0)
    asked = of_table(splits.histories("validation", np.arange(known.num_users), T))
    users = known.lengths > T + M
    return told(of_batches(batches, 1), known, rows, users, True), told(asked, known, rows, users, True)


KINDS: dict[str, Callable[[Dataset], tuple[Told, Told]]] = {
    "ctr, whole": lambda data: click_histories(data, "whole"),
    "ctr, random": lambda data: click_histories(data, "random"),
    "ctr, newest": lambda data: click_histories(data, "newest"),
    "sequential": next_item_histories,
    "top_n": later_items_histories,
}


@every_world
@pytest.mark.parametrize("kind", KINDS)
def test_training_reads_what_evaluation_reads(world, kind):
    trained, evaluated = KINDS[kind](world())
    assert not trained.differs(evaluated), f"{trained} {evaluated}"


@every_world
def test_the_check_notices_histories_of_two_kinds(world):
    trained, evaluated = click_histories(world(), "mixed")
    assert trained.differs(evaluated) == ["age", "popularity"], f"{trained} {evaluated}"
