"""Training, ranking and pipeline speed, and the memory they take; each row in a process of its own."""

import dataclasses
import functools
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfkgrec import registry
from tfkgrec.benchmarks.own_process import ask, tell
from tfkgrec.config import Config, build_config
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.training.contract import Batches

WARM_UP_STEPS = 10
DRAINED_STEPS = 32

BASELINE = "mf"
COLUMNS = (
    "model",
    "dataset",
    "train_examples_per_second",
    "pipeline_examples_per_second",
    "rank_users_per_second",
    "peak_memory_mb",
    "floor_ratio",
)

ITEMS_PER_USER = {"ml-1m": 16, "book-crossing": 4}
"""Labelled items of a user in a row of the batch, as many as its users have to fill them; others: the default."""


@dataclass(frozen=True)
class SpeedRow:
    """What one model does on one dataset on this machine.

    Attributes:
        train_examples_per_second: labelled pairs or predicted positions, padding not counted.
        pipeline_examples_per_second, pipeline_ratio: tf.data alone, and how many times the training that is.
        rank_users_per_second: of the full catalogue of `items`.
        peak_memory_mb: MiB for reading the data and training; `..._with_ranking_mb`: and for ranking.
        floor_ratio: training speed over that of plain matrix factorisation in the same loop.
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
    floor_ratio: float | None = None


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

    def measure(self) -> SpeedRow:
        """The row, measured in a fresh process so that its peak memory is its own."""
        return SpeedRow(**ask("tfkgrec.benchmarks.speed", json.dumps(dataclasses.asdict(self))))


def measure_all(
    asked: Sequence[tuple[str, str]], seconds: float, data_dir: Path | None, overrides: Sequence[str]
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
        beside = baseline.measure()
        for row in (*(job.measure() for job in jobs if job.dataset == dataset), beside):
            ratio = row.train_examples_per_second / beside.train_examples_per_second
            rows.append(dataclasses.replace(row, floor_ratio=round(ratio, 3)))
    return rows


def as_text(rows: Sequence[SpeedRow]) -> str:
    """For a terminal."""
    values = [[getattr(row, column) for column in COLUMNS] for row in rows]
    return text_table(COLUMNS, [[f"{v:,}" if not isinstance(v, str) else v for v in row] for row in values], names=2)


def _work(job: SpeedJob) -> SpeedRow:
    with quiet_import():
        from tfkgrec.runs.run import prepare
        from tfkgrec.training.trainer import make_task

    config = job.settings()
    prepared, training = prepare(config), config.training
    model = prepared.model(config)
    batches = prepared.protocol.batches(model)
    task = make_task(prepared.protocol, model, training, training.learning_rate)
    task.make_train_function()
    stream = iter(batches.dataset().repeat())
    for _ in range(WARM_UP_STEPS):
        task.train_function(stream)
    per_batch = batches.examples / batches.steps
    train = _rate(lambda: task.train_function(stream)["loss"].numpy(), job.seconds) * per_batch
    trained_peak = _peak_mb()
    pipeline = _drained(batches, job.seconds) * per_batch
    users = np.flatnonzero(prepared.splits.train_history.lengths)[: config.evaluation.batch_users].astype(np.int32)
    rank = functools.partial(prepared.protocol.score_catalogue, model, users)
    rank()
    ranked = _rate(rank, job.seconds) * len(users)
    return SpeedRow(
        model=job.model,
        dataset=job.dataset,
        train_examples_per_second=round(train),
        pipeline_examples_per_second=round(pipeline),
        pipeline_ratio=round(pipeline / train, 1),
        rank_users_per_second=round(ranked, 1),
        items=prepared.dataset.num_items,
        peak_memory_mb=trained_peak,
        peak_memory_with_ranking_mb=_peak_mb(),
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
