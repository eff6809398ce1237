"""Several workers: a step of all is a step on the rows of all, a NaN of one stops all, and one writes."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.cases.small_models import small_model
from tests.planted import TINY, environment, run_train, write_config
from tfkgrec.config import TrainingConfig
from tfkgrec.data.shards import Shard
from tfkgrec.errors import InputError
from tfkgrec.training import local_workers
from tfkgrec.training.callbacks import OneOfMany
from tfkgrec.training.joined_batches import JoinedBatches, side_by_side
from tfkgrec.training.local_workers import number_of_workers, run_workers
from tfkgrec.training.trainer import make_task
from tfkgrec.training.workers import Place, Workers, read_tf_config


class OneOfTwo(Workers):
    """A worker beside another in this process: what it hears is what the other sent when it last took the step."""

    count = 2

    def __init__(self, index: int, sent: tuple[dict, dict]):
        self.index, self.sent, self.calls = index, sent, 0

    def _both(self, own):
        self.sent[self.index][self.calls] = own
        other = self.sent[1 - self.index].get(self.calls, own)
        self.calls += 1
        return (other, own) if self.index else (own, other)

    def sums(self, tensors):
        return [one + other for one, other in zip(*self._both(list(tensors)), strict=True)]

    def gather(self, rows):
        return tf.concat(self._both(rows), 0)


def two_batches(small):
    """One of each shard, the second with fewer pairs."""
    shards = (small.protocol.batches(small.model, Shard(number, 2)) for number in range(2))
    first, second = (next(iter(shard.batches(0))) for shard in shards)
    for part in (second[0]["item"], second[-1]):
        part[: len(part) // 2] = 0
    return [tf.nest.map_structure(tf.constant, batch) for batch in (first, second)]


def step_of_two(small, settings, ours, theirs):
    """The first worker's logs, once each has heard the other."""
    sent: tuple[dict, dict] = ({}, {})
    for index, batch in ((1, theirs), (0, ours), (1, theirs)):
        make_task(small.protocol, small.model, settings, 0.05, OneOfTwo(index, sent)).step(batch)
    return make_task(small.protocol, small.model, settings, 0.05, OneOfTwo(0, sent)).train_step(ours)


@pytest.mark.parametrize(("name", "rows"), [("mf", True), ("mf", False), ("lightgcn", False)])
def test_a_step_of_two_is_one_on_the_rows_of_both(name, rows):
    """Rows that both touch are summed; the mean is over the pairs of both; LightGCN's graph is without all of them."""
    small = small_model(name)
    before, (ours, theirs) = small.model.get_weights(), two_batches(small)
    settings = TrainingConfig(jit_compile=False, row_sparse=rows, optimizer="adagrad")
    found = []
    try:
        for two in (True, False):
            small.model.set_weights(before)
            if two:
                logs = step_of_two(small, settings, ours, theirs)
            else:
                logs = make_task(small.protocol, small.model, settings, 0.05).train_step(side_by_side([ours, theirs]))
            moved = [variable.numpy() for variable in small.model.trainable_variables]
            found.append(({name: float(logs[name]) for name in ("loss", "task_loss", "regularization_loss")}, moved))
    finally:
        small.model.set_weights(before)
    (losses, weights), (expected, others) = found
    assert losses == pytest.approx(expected, abs=1e-5)
    for mine, one in zip(weights, others, strict=True):
        np.testing.assert_allclose(mine, one, atol=1e-4)


def test_a_nan_of_another_stops_all():
    small = small_model("mf")
    before, (ours, (features, label, weight)) = small.model.get_weights(), two_batches(small)
    settings = TrainingConfig(jit_compile=False)
    try:
        logs = step_of_two(small, settings, ours, (features, label * float("nan"), weight + 1))
        assert np.isnan(float(logs["loss"]))
        for mine, was in zip(small.model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(mine, was)
    finally:
        small.model.set_weights(before)


def test_workers_that_are_no_longer_alike_are_an_error():
    class Apart(OneOfTwo):
        def told(self, value=None):
            return [value, "other weights"]

    small = small_model("mf")
    callback = OneOfMany(Apart(0, ({}, {})))
    callback.set_model(make_task(small.protocol, small.model, TrainingConfig(jit_compile=False), 0.1))
    with pytest.raises(InputError, match="worker 1: expected the weights of worker 0, found others"):
        callback.on_epoch_end(0, {})


@pytest.mark.parametrize("name", ["mf", "sasrec", "ekpnet"])
def test_joined_batches_hold_every_shard_until_the_last_is_through(name):
    small = small_model(name)
    parts = [small.protocol.batches(small.model, Shard(number, 2)) for number in range(2)]
    steps = max(part.steps for part in parts) + 1
    joined = list(JoinedBatches(parts, steps, 0).dataset(3))
    assert len(joined) == steps
    for number, part in enumerate(parts):
        own = list(part.batches(3))
        for batch, expected in zip(joined, own, strict=False):
            rows = len(expected[-1])
            mine = batch[-1][:rows] if number == 0 else batch[-1][-rows:]
            np.testing.assert_array_equal(mine, expected[-1])
    assert sum(float(tf.reduce_sum(batch[-1])) for batch in joined) == sum(
        float(batch[-1].sum()) for part in parts for batch in part.batches(3)
    )
    assert not tf.reduce_any(joined[-1][-1] > 0)


def test_two_processes_come_to_what_one_comes_to(tmp_path):
    """The same batches, so the same curve; the chief alone writes; the other's end is no end of the chief's."""
    config = write_config(tmp_path, model={"name": "mf", "dim": 4})
    more = (*TINY, "training.shards=2", "training.row_sparse=true", "training.patience=9")
    told = [sys.executable, "-m", "tfkgrec.train", "--config", config, "--run-dir", tmp_path / "two", "--set", *more]
    started = subprocess.Popen(
        [*map(str, told), "--strategy", "mirrored", "--workers", "2"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run_train(config, tmp_path / "one", overrides=more) == 0
    output, errors = started.communicate(timeout=300)
    assert started.returncode == 0 and "rror" not in errors and output.count("epoch 1/2") == 1
    one, two = (pd.read_csv(tmp_path / run / "history.csv") for run in ("one", "two"))
    for figure in ("loss", "task_loss", "auc", "val_auc"):
        np.testing.assert_allclose(two[figure], one[figure], atol=5e-4)
    files = [{file.name for file in (tmp_path / run).iterdir()} for run in ("one", "two")]
    assert files[0] == files[1]
    state = json.loads((tmp_path / "two" / "checkpoint" / "state.json").read_text())
    assert state["epoch"] == 2


def program(text: str) -> list[str]:
    """A command whose `number` is the worker's."""
    number = "number = json.loads(os.environ['TF_CONFIG'])['task']['index']"
    return [sys.executable, "-c", f"import json, os, sys, time\n{number}\n{text}"]


def test_workers_of_a_machine_end_together(monkeypatch):
    """What another says last is the reason; a killed one ends the chief at once; the chief's own status is ours."""
    with pytest.raises(InputError, match="worker 1: expected it to train on, found its end: the data are not there"):
        monkeypatch.setattr(local_workers, "GRACE_SECONDS", 0.5)
        run_workers(program("sys.exit('error: the data are not there') if number else time.sleep(99)"), 2)
    start = time.monotonic()
    with pytest.raises(InputError, match="worker 2: .*signal SIGKILL; go on with --resume"):
        run_workers(program("os.kill(os.getpid(), 9) if number == 2 else time.sleep(99)"), 3)
    assert time.monotonic() - start < 30
    assert run_workers(program("sys.exit(0 if number else 3)"), 2) == 3


def test_a_worker_for_every_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert number_of_workers(None) == 2
    found = local_workers.environments(2)
    assert [one["CUDA_VISIBLE_DEVICES"] for one in found] == ["4", "6"]
    places = [read_tf_config(one["TF_CONFIG"]) for one in found]
    assert [(one.index, one.count) for one in places] == [(0, 2), (1, 2)]
    with pytest.raises(InputError, match="--workers: expected at most one for each GPU, 2, found 3"):
        number_of_workers(3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert number_of_workers(None) == 1 and number_of_workers(3) == 3
    assert local_workers.environments(2)[0]["TF_NUM_INTRAOP_THREADS"] == str(max(1, (os.cpu_count() or 1) // 2))


def test_who_i_am_stands_in_tf_config():
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}

    def told(**changes):
        return json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 1}, **changes})

    assert read_tf_config(told()) == Place(2, 3, cluster)
    assert read_tf_config(told(task={"type": "chief", "index": 0})) == Place(0, 3, cluster)
    for text, problem in (
        (None, "found nothing"),
        ("{", "expected JSON such as"),
        (told(task={"type": "worker", "index": 2}), "found worker 2"),
        (told(task={"type": "evaluator", "index": 0}), "expected JSON such as"),
        (told(cluster={**cluster, "ps": ["d:1"]}), "expected chief and worker alone, found ps"),
    ):
        with pytest.raises(InputError, match=f"^TF_CONFIG: .*{problem}"):
            read_tf_config(text)
