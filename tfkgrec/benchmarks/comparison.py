"""Whether a row of the quality table differs from the one above it, or only looks so.

Two questions: would it show on other splits (paired t test over the seeds that both have), and on other users of the
same splits (users resampled within every seed; needs the runs' test_scores.npz). It is called real where no test that
could be made says otherwise, at p < .05 each. Nothing is corrected for the number of rows that are compared.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfkgrec.benchmarks.results import ResultRow
from tfkgrec.evaluation.paired import interval_of, p_of_draws, p_over_seeds, resampled_gaps
from tfkgrec.files import read_arrays
from tfkgrec.training.run_directory import RunDirectory

LEVEL = 0.05


@dataclass(frozen=True)
class Measured:
    """One figure of one line over seeds; `key` tells whose."""

    key: tuple[str, ...]
    seeds: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """A line and the one above it.

    Attributes:
        difference: of the figure, mean over the seeds that both have.
        seeds: how many those are.
        p_seeds, p_users: None where the test could not be made.
        interval: 95% of the resampled differences; None without `p_users`.
    """

    difference: float
    seeds: int
    p_seeds: float | None = None
    p_users: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def real(self) -> bool | None:
        """None where no test could be made."""
        made = [p for p in (self.p_seeds, self.p_users) if p is not None]
        return all(p < LEVEL for p in made) if made else None

    def text(self) -> str:
        """For a table: "+.0050 (p .031 seeds, .001 users) real"."""
        tests = [
            f"{'<.001' if p < 0.001 else f'{p:.3f}'.removeprefix('0')} {over}"
            for p, over in ((self.p_seeds, "seeds"), (self.p_users, "users"))
            if p is not None
        ]
        sign, size = "-" if self.difference < 0 else "+", f"{abs(self.difference):.4f}".removeprefix("0")
        said = {True: " real", False: " not shown", None: ""}[self.real]
        return f"{sign}{size}" + (f" (p {', '.join(tests)})" if tests else "") + said

    def to_json(self, above: tuple[str, ...], figure: str) -> dict[str, object]:
        """For results.json: with whom, in which figure, and the verdict."""
        figures = dataclasses.asdict(self)
        figures["interval"] = None if self.interval is None else list(self.interval)
        rounded = {name: round(value, 5) if isinstance(value, float) else value for name, value in figures.items()}
        return {"with": list(above), "figure": figure, **rounded, "real": self.real}


def measured(row: ResultRow, name: str, key: tuple[str, ...] | None = None) -> Measured | None:
    """A figure of a row; None where it was not kept seed by seed."""
    values = row.test_by_seed.get(name)
    return None if values is None else Measured(key or row.key, row.seeds, tuple(values))


def compare(
    below: Measured | None, above: Measured | None, known: Mapping[str, Any] | None = None
) -> Comparison | None:
    """Over the seeds that both have; None where there are none.

    Args:
        known: the field `compared` of the row below: what was found over users, if it was against the same line.
    """
    if below is None or above is None:
        return None
    pairs = zip(above.seeds, above.values, strict=True)
    others = {seed: value for seed, value in pairs if seed in below.seeds}
    own = {seed: value for seed, value in zip(below.seeds, below.values, strict=True) if seed in others}
    if not own:
        return None
    first, second = (np.array([values[seed] for seed in own]) for values in (own, others))
    over_users: dict[str, Any] = {}
    if known and tuple(known["with"]) == above.key and known["interval"] is not None:
        over_users = {"p_users": known["p_users"], "interval": tuple(known["interval"])}
    return Comparison(float(np.mean(first - second)), len(own), p_over_seeds(first, second), **over_users)


def over_users(
    below: ResultRow, above: ResultRow, figure: str, run_of: Callable[[ResultRow, int], RunDirectory]
) -> dict[str, Any]:
    """p and 95% interval of the difference when users are resampled within every seed, averaged over the seeds.

    Args:
        figure: its name in metrics.json, "test.auc" or one that is a mean over users.
        run_of: where the run of a row and a seed lies.

    Returns:
        "p_users" and "interval"; nothing where no seed of both has kept its scores on the same pairs or users.
    """
    draws = []
    for seed in below.seeds:
        if seed not in above.seeds:
            continue
        files = [run_of(row, seed).test_scores for row in (below, above)]
        if all(file.exists() for file in files):
            first, second = (read_arrays(file) for file in files)
            gaps = resampled_gaps(first, second, figure, np.random.default_rng([seed, 8]))
            draws += [] if gaps is None else [gaps]
    if not draws:
        return {}
    mean = np.mean(draws, axis=0)
    return {"p_users": round(p_of_draws(mean), 5), "interval": interval_of(mean)}


def with_comparisons(
    groups: Sequence[Sequence[ResultRow]],
    figure: Callable[[ResultRow], str],
    run_of: Callable[[ResultRow, int], RunDirectory],
) -> list[ResultRow]:
    """The rows of tables, each compared with the one above it; one whose runs are gone keeps what was found then.

    Args:
        groups: the rows of every table, in its order.
        figure: the name of the figure that a row is compared in.
    """
    found = []
    for group in groups:
        for above, row in zip([None, *group], group, strict=False):
            if above is None or not (row.compared or any(run_of(row, seed).metrics.exists() for seed in row.seeds)):
                found.append(row)  # of a row that was measured elsewhere nothing new is known
                continue
            name = figure(row)
            fresh = over_users(row, above, name, run_of)
            made = compare(measured(row, name), measured(above, name), row.compared)
            if made is not None:
                row = dataclasses.replace(row, compared=dataclasses.replace(made, **fresh).to_json(above.key, name))
            found.append(row)
    return found
