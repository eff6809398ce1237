"""Training, ranking and pipeline speed, and the memory they take; each row in a process of its own.

A row is measured again until two measurements agree, and says what else the machine did meanwhile.
"""

import dataclasses
import functools
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfkgrec import registry
from tfkgrec.benchmarks.other_work import Moment, OtherWork
from tfkgrec.benchmarks.own_process import ask, tell
from tfkgrec.config import Config, build_config
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.benchmarks.peers import PeerRow
    from tfkgrec.training.contract import Batches

WARM_UP_STEPS = 10
DRAINED_STEPS = 32

BASELINE = "mf"
COLUMNS = (
    "model",
    "dataset",
    "train_examples_per_second",
    "slowest",
    "fastest",
    "pipeline_examples_per_second",
    "rank_users_per_second",
    "start_seconds",
    "compile_seconds",
    "peak_memory_mb",
    "floor_ratio",
    "mf_ratio",
)

AGREE = 0.1
"""Two measurements agree that differ by no more of the smaller one."""
MOST_RUNS = 5
PAIRS_OF_RUNS = 2
"""Of ours and a peer's, in turn."""

ITEMS_PER_USER = {"ml-1m": 16, "book-crossing": 4}
"""Labelled items of a user in a row of the batch, as many as its users have to fill them; others: the default."""


@dataclass(frozen=True)
class SpeedRow:
    """What one model does on one dataset on this machine.

    Attributes:
        train_examples_per_second: labelled pairs or predicted positions, padding not counted; the median where it was
            measured several times, as are all figures but memory, which is the most.
        slowest, fastest: the least and the most of it, of `runs` measurements; `agreed`: the last two did.
        pipeline_examples_per_second, pipeline_ratio: tf.data alone, and how many times the training that is.
        rank_users_per_second: of the full catalogue of `items`.
        peak_memory_mb: MiB for reading the data and training; `..._with_ranking_mb`: and for ranking.
        start_seconds: from the start of the process, imports and reading included, to the end of the first step.
        compile_seconds: of it the first step, which traces and compiles.
        step_ms, floor_ms: a step, and its bare operations alone (floor.py); floor_ratio: the one over the other.
        mf_ratio: training speed over that of plain matrix factorisation in the same loop.
        others, stolen: shares of the machine's CPU time that other processes and its host took (other_work.py).
    """

    model: str
    dataset: str
    train_examples_per_second: int
    pipeline_examples_per_second: int
    pipeline_ratio: float
    rank_users_per_second: float
    items: int
    peak_memory_mb: int
    peak_memory_with_ranking_mb: int
    batch_size: int
    items_per_user: int | None
    jit_compile: bool | str
    cpus: int
    start_seconds: float
    compile_seconds: float
    step_ms: float
    floor_ms: float
    floor_ratio: float
    others: float
    stolen: float
    slowest: int = 0
    fastest: int = 0
    runs: int = 1
    agreed: bool = True
    mf_ratio: float | None = None


@dataclass(frozen=True)
class SpeedJob:
    """What to measure.

    Attributes:
        model: with the settings of its spec's `speed_preset`.
        dataset: by name; "synthetic" needs no files.
        seconds: how long each of the three measurements takes.
        data_dir: where the datasets lie.
        overrides: as `--set` takes them.
    """

    model: str
    dataset: str
    seconds: float
    data_dir: str | None = None
    overrides: tuple[str, ...] = ()

    def settings(self) -> Config:
        """Of the run; raises `InputError` on a mistake in them."""
        spec = registry.model(self.model)
        protocol = spec.protocols[0]
        preset = "paper" if "paper" in spec.presets else None  # what published speeds are about
        raw = {"model": {"name": self.model, "preset": preset}, "data": {"dataset": self.dataset, "protocol": protocol}}
        keys = {field.name for field in dataclasses.fields(registry.protocol(protocol).training)}
        wide = []
        if "items_per_user" in keys and self.dataset in ITEMS_PER_USER:
            wide = [f"training.items_per_user={ITEMS_PER_USER[self.dataset]}"]
        wide += ["training.negatives=fresh"] if "negatives" in keys else []
        return build_config(raw, [*wide, *spec.speed_preset, *self.overrides], self.data_dir)

    def measure_once(self) -> SpeedRow:
        """The row, measured in a fresh process so that its peak memory is its own."""
        return SpeedRow(**ask("tfkgrec.benchmarks.speed", json.dumps(dataclasses.asdict(self))))

    def measure(self, most_runs: int = MOST_RUNS) -> SpeedRow:
        """The row, measured until two in a row agree, or so many times."""
        rows = [self.measure_once()]
        while len(rows) < most_runs and not _agree(rows):
            rows.append(self.measure_once())
        return _together(rows, most_runs)


def measure_all(
    asked: Sequence[tuple[str, str]],
    seconds: float,
    data_dir: Path | None,
    overrides: Sequence[str],
    most_runs: int = MOST_RUNS,
) -> list[SpeedRow]:
    """A row for each (dataset, model) that was asked for, and one of the baseline for every dataset.

    Raises:
        InputError: a mistake in the settings of any of them, before anything is measured.
    """
    folder = None if data_dir is None else str(data_dir)
    jobs = [SpeedJob(model, dataset, seconds, folder, tuple(overrides)) for dataset, model in asked]
    for_all = tuple(text for text in overrides if not text.startswith("model."))
    baselines = {job.dataset: SpeedJob(BASELINE, job.dataset, seconds, folder, for_all) for job in jobs}
    for job in (*jobs, *baselines.values()):
        job.settings()
    rows = []
    for dataset, baseline in baselines.items():
        beside = baseline.measure(most_runs)
        for row in (*(job.measure(most_runs) for job in jobs if job.dataset == dataset), beside):
            ratio = row.train_examples_per_second / beside.train_examples_per_second
            rows.append(dataclasses.replace(row, mf_ratio=round(ratio, 3)))
    return rows


def measure_peers(
    asked: Sequence[tuple[str, str]], python: Path, seconds: float, data_dir: Path | None, overrides: Sequence[str]
) -> "list[PeerRow]":
    """RecBole's nearest models beside each (dataset, model) that was asked for; those without a peer have no row."""
    with quiet_import():
        from tfkgrec.benchmarks.peers import PEERS, compared
        from tfkgrec.runs.run import read_dataset
    folder, rows = None if data_dir is None else str(data_dir), []
    for dataset, model in asked:
        if model in PEERS:
            job = SpeedJob(model, dataset, seconds, folder, tuple(overrides))
            config = job.settings()
            data = read_dataset(config)
            rows += compared(model, dataset, config, data, python, seconds, PAIRS_OF_RUNS, job.measure_once)
    return rows


def _agree(rows: Sequence[SpeedRow]) -> bool:
    """Whether the last two do."""
    last = [row.train_examples_per_second for row in rows[-2:]]
    return len(last) == 2 and max(last) - min(last) <= AGREE * min(last)


def _together(rows: Sequence[SpeedRow], most_runs: int) -> SpeedRow:
    """Medians of all figures, the most of memory and of what disturbed them."""
    figures: dict[str, Any] = {}
    for field in dataclasses.fields(SpeedRow):
        values = [getattr(row, field.name) for row in rows]
        if field.name.startswith("peak") or field.name in ("others", "stolen"):
            figures[field.name] = max(values)
        elif all(type(value) in (int, float) for value in values):
            figures[field.name] = type(values[0])(statistics.median(values))
        else:
            figures[field.name] = values[-1]
    speeds = [row.train_examples_per_second for row in rows]
    said = {"slowest": min(speeds), "fastest": max(speeds), "runs": len(rows)}
    return SpeedRow(**{**figures, **said, "agreed": most_runs == 1 or _agree(rows)})


def warnings(rows: Sequence[SpeedRow]) -> list[str]:
    """What is to be said of the figures."""
    found = []
    for row in rows:
        name, busy = f"{row.model} on {row.dataset}", OtherWork(row.others, row.stolen).warning
        found += [f"{name}: {busy}"] if busy else []
        if not row.agreed:
            spread = f"{row.slowest:,} to {row.fastest:,} examples/s"
            found.append(f"{name}: warning: {row.runs} measurements, no two in a row within {AGREE:.0%}: {spread}")
    return found


def as_text(rows: Sequence[SpeedRow]) -> str:
    """For a terminal."""
    values = [[getattr(row, column) for column in COLUMNS] for row in rows]
    cells = [[f"{v:,}" if not isinstance(v, str) else v for v in row] for row in values]
    return "\n".join([text_table(COLUMNS, cells, names=2), *warnings(rows)])


def _work(job: SpeedJob) -> SpeedRow:  # long: one measurement after the other
    began, before = time.perf_counter(), Moment.now()
    with quiet_import():
        from tfkgrec.benchmarks.floor import floor_seconds
        from tfkgrec.runs.run import prepare
        from tfkgrec.training.trainer import make_task

    config = job.settings()
    prepared, training = prepare(config), config.training
    model = prepared.model(config)
    batches = prepared.protocol.batches(model)
    task = make_task(prepared.protocol, model, training, training.learning_rate)
    task.make_train_function()
    stream, first = iter(batches.dataset().repeat()), time.perf_counter()
    task.train_function(stream)["loss"].numpy()
    started = time.perf_counter()
    for _ in range(WARM_UP_STEPS):
        task.train_function(stream)
    per_batch = batches.examples / batches.steps
    steps = _rate(lambda: task.train_function(stream)["loss"].numpy(), job.seconds)
    train = steps * per_batch
    trained_peak = _peak_mb()
    pipeline = _drained(batches, job.seconds) * per_batch
    users = np.flatnonzero(prepared.splits.train_history.lengths)[: config.evaluation.batch_users].astype(np.int32)
    rank = functools.partial(prepared.protocol.score_catalogue, model, users)
    rank()
    ranked, peak = _rate(rank, job.seconds) * len(users), _peak_mb()
    floor = floor_seconds(task.train_step, batches.dataset().element_spec, task.jit_compile)
    busy = OtherWork.between(before, Moment.now())
    return SpeedRow(
        model=job.model,
        dataset=job.dataset,
        train_examples_per_second=round(train),
        pipeline_examples_per_second=round(pipeline),
        pipeline_ratio=round(pipeline / train, 1),
        rank_users_per_second=round(ranked, 1),
        items=prepared.dataset.num_items,
        peak_memory_mb=trained_peak,
        peak_memory_with_ranking_mb=peak,
        start_seconds=round(started - began, 1),
        compile_seconds=round(started - first, 1),
        step_ms=round(1000 / steps, 2),
        floor_ms=round(1000 * floor, 2),
        floor_ratio=round(1 / (steps * floor), 2),
        others=busy.others,
        stolen=busy.stolen,
        batch_size=training.batch_size,
        items_per_user=getattr(training, "items_per_user", None),
        jit_compile=task.jit_compile,
        cpus=len(os.sched_getaffinity(0)),
    )


def _drained(batches: "Batches", seconds: float) -> float:
    """Batches per second of the input pipeline alone."""
    import tensorflow as tf

    def drain(stream: Iterator[object]) -> None:
        for _ in tf.range(DRAINED_STEPS):  # in the graph, as the train step reads: no batch becomes a Python object
            next(stream)

    traced, stream = tf.function(drain), iter(batches.dataset().repeat())
    traced(stream)
    return _rate(lambda: traced(stream), seconds) * DRAINED_STEPS


def _peak_mb() -> int:
    """The most memory that this process has held so far, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _rate(call: Callable[[], object], seconds: float) -> float:
    """Calls per second."""
    count, start = 0, time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        call()
        count += 1
    return count / (now - start)


if __name__ == "__main__":
    tell(dataclasses.asdict(_work(SpeedJob(**json.loads(sys.argv[1])))))
