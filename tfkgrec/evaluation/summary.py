"""Several runs that differ in their seed, as mean and standard deviation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfkgrec.errors import InputError


@dataclass(frozen=True)
class Summary:
    """Mean and standard deviation over the seeds of one configuration.

    Attributes:
        seeds: the seeds of the runs.
        mean, std: by dotted name ("test.auc", "floors.popularity.auc"). The standard deviation divides by n - 1 and is
            None for a single run: a single seed is not a result.
        values: what they are made of, in the order of the seeds.
    """

    model: str
    dataset: str
    protocol: str
    seeds: tuple[int, ...]
    mean: dict[str, float]
    std: dict[str, float | None]
    values: dict[str, list[float]]


def aggregate(runs: Sequence[Mapping[str, Any]]) -> Summary:
    """Summarise several `metrics.json` of one model, dataset and protocol that differ in their seed.

    Figures that only some of the runs have are left out.

    Raises:
        InputError: no run, runs of different things, or one seed twice.
    """
    if not runs:
        raise InputError("expected at least one run to summarise, found none")
    kinds = {(run["model"], run["dataset"], run["protocol"]) for run in runs}
    if len(kinds) > 1:
        raise InputError(f"expected runs of one model, dataset and protocol, found {sorted(kinds)}")
    seeds = tuple(run["seed"] for run in runs)
    if len(set(seeds)) < len(seeds):
        raise InputError(f"expected every seed once, found {sorted(seeds)}")
    flat = [flatten({part: run[part] for part in ("test", "validation", "floors", "timing")}) for run in runs]
    shared = [name for name in flat[0] if all(isinstance(figures.get(name), int | float) for figures in flat)]
    values = {name: np.array([figures[name] for figures in flat], np.float64) for name in shared}
    return Summary(
        *kinds.pop(),
        seeds,
        {name: float(np.mean(v)) for name, v in values.items()},
        {name: float(np.std(v, ddof=1)) if len(runs) > 1 else None for name, v in values.items()},
        {name: v.tolist() for name, v in values.items()},
    )


def flatten(tree: Mapping[str, Any], separator: str = ".") -> dict[str, Any]:
    """Every leaf of a nested mapping under the joined names that lead there: {"a": {"b": 1}} -> {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}{separator}{below}": leaf for below, leaf in flatten(value, separator).items()}
        else:
            flat[key] = value
    return flat
