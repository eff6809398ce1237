"""What a model would cost on data of a size: its tables as it makes them itself, its steps as this machine takes them.

The model is built on three small synthetic worlds, of which one has more users and one more items: what a table grows
by is what a user, or an item with its facts, takes in it. Steps are timed on two worlds, by rows where the tables of
the real size would be read so, which tells whether their time grows with the tables.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tfkgrec.benchmarks.timed_steps import TimedSteps
from tfkgrec.config import Config, build_config
from tfkgrec.runs.run import prepare
from tfkgrec.training.row_sparse import LARGE

BASE, MORE = (300, 200), (1200, 800)
"""Users and items of the small worlds."""
TIMED = (1000, 600), (4000, 2400)
STEPS, WARM = 12, 4
MOST_POSITIVES = 40.0
"""Of a user of the small worlds; what is kept of every positive is counted for the real number."""
OF_EVERY_POSITIVE = "history"
"""Begins the name of a list of all positives of all users; what keeps some of every user's is a table."""

BYTES = 4
ADAM = 2
READ_BYTES, READ_SECONDS = 240.0, 2.2e-6
"""Of memory at its peak and of one core's time, for an interaction and half a triple in CSV: `benchmark reading`, 1 to
4 million rows on 2 cores (docs/results.md)."""
PROGRAM_BYTES = 0.9e9
"""TensorFlow and the package, before any data."""
TRAIN_SHARE, PAIRS = 0.6, 2
"""Of the positives, what is learned from; a negative beside each."""
GROWS = 2.0
"""A step that takes so many times longer with four times the rows grows with the tables. By rows it takes up to a third
longer in these small worlds, where a number for every row is written (`SCRATCH`), and no longer in large ones."""


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    users: int
    items: int
    interactions: int

    @property
    def positives_per_user(self) -> float:
        return self.interactions / self.users


@dataclass(frozen=True)
class TableCost:
    """How many numbers a table has: `fixed + per_user * users + per_item * items`.

    Attributes:
        trained: whether an optimizer keeps two moments of each.
    """

    name: str
    fixed: float
    per_user: float
    per_item: float
    trained: bool

    def numbers(self, size: Size) -> float:
        return max(self.fixed + self.per_user * size.users + self.per_item * size.items, 0.0)

    def bytes(self, size: Size, by_rows: bool) -> float:
        """Held in training: weights, moments, and where it moves as a whole its gradient."""
        copies = 1 + (ADAM + (not by_rows)) * self.trained
        return BYTES * copies * self.numbers(size)


@dataclass(frozen=True)
class StepCost:
    """Milliseconds of a step of `pairs` labelled pairs: `fixed + per_row * (users + items)`."""

    pairs: float
    fixed: float
    per_row: float

    def milliseconds(self, size: Size) -> float:
        return self.fixed + self.per_row * (size.users + size.items)


def table_costs(model: str, overrides: Sequence[str], size: Size) -> list[TableCost]:
    """Of every variable of the model, by how it grows from world to world."""
    used = min(size.positives_per_user, MOST_POSITIVES)
    worlds = BASE, (MORE[0], BASE[1]), (BASE[0], MORE[1])
    base, with_users, with_items = (_variables(_config(model, world, used, overrides)) for world in worlds)
    costs = []
    for name, one in (with_items | with_users | base).items():  # a model may do otherwise where there is more
        at, of_users, of_items = (
            world[name].numbers if name in world else 0 for world in (base, with_users, with_items)
        )
        per_user = (of_users - at) / (MORE[0] - BASE[0])
        per_item = (of_items - at) / (MORE[1] - BASE[1])
        fixed = at - per_user * BASE[0] - per_item * BASE[1]
        if one.flat and name.startswith(OF_EVERY_POSITIVE) and at > BASE[0] + 2:  # no list of offsets
            per_user *= size.positives_per_user / used
        costs.append(TableCost(name, fixed, per_user, per_item, one.trained))
    return costs


def step_cost(model: str, overrides: Sequence[str], size: Size) -> StepCost:
    """Of training here and now."""
    used = min(size.positives_per_user, MOST_POSITIVES)
    by_rows = ("training.row_sparse=true",) if reads_rows(size) else ()
    (pairs, small), (_, large) = (_timed(_config(model, world, used, (*overrides, *by_rows))) for world in TIMED)
    if large < GROWS * small:
        return StepCost(pairs, statistics.mean((small, large)), 0.0)
    rows = [sum(world) for world in TIMED]
    per_row = (large - small) / (rows[1] - rows[0])
    return StepCost(pairs, small - per_row * rows[0], per_row)


def reads_rows(size: Size) -> bool:
    """Whether `training.row_sparse: auto` moves rows alone in tables of that size."""
    return max(size.users, size.items) >= LARGE


def reading_bytes(size: Size) -> float:
    """Held while files are read."""
    return READ_BYTES * size.interactions


def reading_hours(size: Size) -> float:
    """Of one core, from files to ids."""
    return READ_SECONDS * size.interactions / 3600


def steps_of_an_epoch(size: Size, pairs: float) -> int:
    """Of so many labelled pairs each."""
    return math.ceil(TRAIN_SHARE * PAIRS * size.interactions / pairs)


def _config(model: str, world: tuple[int, int], positives: float, overrides: Sequence[str]) -> Config:
    users, items = world
    made = {"users": users, "items": items, "positives_per_user": max(1.0, positives)}
    return build_config({"model": {"name": model}, "data": {"dataset": "synthetic", "synthetic": made}}, overrides)


class _Variable(NamedTuple):
    numbers: int
    trained: bool
    flat: bool


def _variables(config: Config) -> dict[str, _Variable]:
    """By name, of the model that the config makes, before training."""
    model = prepare(config).model(config)
    learned = {id(variable) for variable in model.trainable_variables}
    return {
        one.path.partition("/")[2]: _Variable(math.prod(one.shape), id(one) in learned, len(one.shape) == 1)
        for one in model.variables
    }


def _timed(config: Config) -> tuple[float, float]:
    """Labelled pairs of a step, and its milliseconds."""
    steps = TimedSteps(config, prepare(config))
    for _ in range(STEPS):
        steps.take_one()
    return steps.pairs, 1000 * statistics.median(steps.seconds[WARM:])
