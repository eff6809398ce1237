"""Training, ranking and pipeline speed, and the memory they take; each row in a process of its own."""

import dataclasses
import functools
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfkgrec import registry
from tfkgrec.config import Config, build_config
from tfkgrec.tf_logging import quiet_import

WARM_UP_STEPS = 10
DRAINED_STEPS = 32

MARK = "speed row: "


ITEMS_PER_USER = {"ml-1m": 16, "book-crossing": 4}
"""Labelled items of a user in a row of the batch, as many as its users have to fill them; others: the default."""


def measure(
    model: str, dataset: str, seconds: float, data_dir: str | None, overrides: Sequence[str] = ()
) -> dict[str, Any]:
    """One row, measured in a fresh process so that its peak memory is its own.

    Args:
        model: with the settings of its spec's `speed_preset`.
        dataset: a public dataset, or "synthetic".
        seconds: how long each of the three measurements takes.
        overrides: as `--set` takes them.

    Returns:
        `train_examples_per_second` (labelled pairs or predicted positions, padding not counted),
        `rank_users_per_second` (full catalogue), `pipeline_examples_per_second` (tf.data alone), `pipeline_ratio`
        (pipeline over training), `peak_memory_mb` (reading the data and training), `peak_memory_with_ranking_mb`.
    """
    settings_of(model, dataset, overrides, data_dir)  # a mistake shows here, not in the child
    request = {"model": model, "dataset": dataset, "seconds": seconds, "data_dir": data_dir, "overrides": [*overrides]}
    command = [sys.executable, "-m", "tfkgrec.benchmarks.speed", json.dumps(request)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith(MARK))
    row: dict[str, Any] = json.loads(line.removeprefix(MARK))
    return row


def settings_of(model: str, dataset: str, overrides: Sequence[str] = (), data_dir: str | None = None) -> Config:
    """The settings of a row; raises `InputError` on a mistake in them."""
    spec = registry.model(model)
    protocol = spec.protocols[0]
    raw = {"model": {"name": model}, "data": {"dataset": dataset, "protocol": protocol}}
    has_rows = "items_per_user" in {field.name for field in dataclasses.fields(registry.protocol(protocol).training)}
    wide = [f"training.items_per_user={ITEMS_PER_USER[dataset]}"] if has_rows and dataset in ITEMS_PER_USER else []
    return build_config(raw, [*wide, *spec.speed_preset, *overrides], data_dir)


def _work(request: dict[str, Any]) -> dict[str, Any]:
    with quiet_import():
        import tensorflow as tf

        from tfkgrec.runs.run import prepare
        from tfkgrec.training.trainer import make_task

    config = settings_of(*(request[key] for key in ("model", "dataset", "overrides", "data_dir")))
    prepared, training = prepare(config), config.training
    model = prepared.model(config)
    batches = prepared.protocol.batches(model)
    task = make_task(prepared.protocol, model, training, training.learning_rate)
    task.make_train_function()
    step = task.train_function
    stream = iter(batches.dataset().repeat())
    per_batch = batches.examples / batches.steps
    for _ in range(WARM_UP_STEPS):
        step(stream)
    train = _rate(lambda: step(stream)["loss"].numpy(), request["seconds"]) * per_batch

    trained_peak = _peak_mb()

    @tf.function
    def drain(stream: Any) -> None:
        for _ in tf.range(DRAINED_STEPS):  # in the graph, as the train step reads: no batch becomes a Python object
            next(stream)

    pipeline_stream = iter(batches.dataset().repeat())
    drain(pipeline_stream)
    pipeline = _rate(lambda: drain(pipeline_stream), request["seconds"]) * per_batch * DRAINED_STEPS

    users = np.flatnonzero(prepared.splits.train_history.lengths)[: config.evaluation.batch_users].astype(np.int32)
    rank = functools.partial(prepared.protocol.score_catalogue, model, users)
    rank()
    ranked = _rate(rank, request["seconds"]) * len(users)
    return {
        "model": request["model"],
        "dataset": request["dataset"],
        "train_examples_per_second": round(train),
        "pipeline_examples_per_second": round(pipeline),
        "pipeline_ratio": round(pipeline / train, 1),
        "rank_users_per_second": round(ranked, 1),
        "items": prepared.dataset.num_items,
        "peak_memory_mb": trained_peak,
        "peak_memory_with_ranking_mb": _peak_mb(),
        "batch_size": training.batch_size,
        "items_per_user": getattr(training, "items_per_user", None),
        "jit_compile": task.jit_compile,
        "cpus": len(os.sched_getaffinity(0)),
    }


def _peak_mb() -> int:
    """The most memory that this process has held so far, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _rate(call: Callable[[], Any], seconds: float) -> float:
    """Calls per second."""
    count, start = 0, time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        call()
        count += 1
    return count / (now - start)


if __name__ == "__main__":
    print(MARK + json.dumps(_work(json.loads(sys.argv[1]))))
