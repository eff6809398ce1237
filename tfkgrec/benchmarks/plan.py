"""Which runs a benchmark consists of, which of them are done, and how long the others will take."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from tfkgrec.benchmarks.places import Places
from tfkgrec.benchmarks.results import ResultRow, Results, results_file
from tfkgrec.benchmarks.variants import Variant
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.training.run_directory import RunDirectory

Asked = tuple[str, str, Variant]
"""Model, dataset, variant."""


@dataclass(frozen=True)
class PlannedRun:
    """One seed of one row.

    Attributes:
        run: where it lies, or will.
        done: whether it is measured, baselines and all.
        seconds: that it will take, by what is known of its like; None: nothing is.
    """

    model: str
    dataset: str
    variant: Variant
    seed: int
    run: RunDirectory
    done: bool
    seconds: float | None = None

    @property
    def name(self) -> str:
        return f"{self.model}-{self.dataset}-{self.variant.name}-seed-{self.seed}"


def is_measured(run: RunDirectory) -> bool:
    """Whether a run is done with its baselines, too: they come last."""
    return run.metrics.exists() and "floors" in read_metrics(run.metrics)


def planned_runs(asked: Iterable[Asked], seeds: Sequence[int], places: Places) -> list[PlannedRun]:
    """All seeds of all rows, in the order of the rows."""
    runs = [
        PlannedRun(*one, seed, run, is_measured(run))
        for one in asked
        for seed in seeds
        for run in [places.run(*one, seed)]
    ]
    known = _known_seconds(runs, places)
    return [
        PlannedRun(run.model, run.dataset, run.variant, run.seed, run.run, run.done, _estimate(run, known))
        for run in runs
    ]


def told(runs: Sequence[PlannedRun], workers: int, each: bool = False) -> str:
    """What is left and how long it will take, for people; `each`: with a line for every run that is left."""
    left = [run for run in runs if not run.done]
    lines = [f"{len(runs) - len(left)} of {len(runs)} runs are done, {len(left)} left{_how_long(left, workers)}"]
    if each:
        lines += [f"  {run.name}{'' if run.seconds is None else f', {duration(run.seconds)}'}" for run in left]
    return "\n".join(lines)


def seconds_left(runs: Sequence[PlannedRun], workers: int = 1) -> float | None:
    """Of these runs, side by side; one of unknown length counts as the mean of the others. None: none is known."""
    known = [run.seconds for run in runs if run.seconds is not None]
    if not known:
        return None
    return max(max(known), mean(known) * len(runs) / workers)


def duration(seconds: float) -> str:
    """For people: "40 s", "12 min", "3 h 05 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def _how_long(left: Sequence[PlannedRun], workers: int) -> str:
    seconds = seconds_left(left, workers)
    if not left or seconds is None:
        return ", for how long nobody knows: none of their like was measured" if left else ""
    unknown = sum(run.seconds is None for run in left)
    beside = f" ({unknown} of which nothing is known taken for like the others)" if unknown else ""
    return f", about {duration(seconds)} with {workers} worker{'s' if workers > 1 else ''}{beside}"


_Key = tuple[str, str, str]


def _known_seconds(runs: Sequence[PlannedRun], places: Places) -> dict[_Key, list[float]]:
    """(model, dataset, variant) -> seconds of its runs that are done or, where none is, of its row in results.json."""
    found: dict[_Key, list[float]] = {}
    for run in runs:
        if run.done:
            seconds = _seconds(read_metrics(run.run.metrics).get("timing", {}).get)
            found.setdefault((run.model, run.dataset, run.variant.name), []).extend(seconds)
    for model in dict.fromkeys(run.model for run in runs):
        for row in Results.read(results_file(places.configs, model)).rows:
            found.setdefault(row.key, _seconds(_of_row(row)))
    return {key: seconds for key, seconds in found.items() if seconds}


def _estimate(run: PlannedRun, known: Mapping[_Key, Sequence[float]]) -> float | None:
    """By the same row, else by the other rows of its model on its dataset."""
    own = known.get((run.model, run.dataset, run.variant.name))
    like = [mean(seconds) for key, seconds in known.items() if key[:2] == (run.model, run.dataset)]
    return mean(own) if own else mean(like) if like else None


def _of_row(row: ResultRow) -> Callable[[str], Any]:
    return lambda name: row.mean.get(f"timing.{name}")


def _seconds(timing: Callable[[str], Any]) -> list[float]:
    """Of the whole run where it was noted, else of training alone."""
    found = timing("run_seconds") or timing("train_seconds")
    return [float(found)] if found else []
