"""A run as the command line makes it: what it leaves behind, and that a killed one goes on as if never killed."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.planted import ROOT, TINY, run_train, write_config
from tfkgrec.config import load_config
from tfkgrec.training import callbacks
from tfkgrec.training.run_directory import RunDirectory

# Everything that draws random numbers: fresh negatives, hidden users, dropout; and a rate that falls.
RANDOM = (
    "data.synthetic.users=120",
    "data.synthetic.items=80",
    "training.epochs=6",
    "training.patience=6",
    "training.negatives=fresh",
    "training.unknown_user_rate=0.2",
    "training.learning_rate_decay=0.8",
    "model.dropout=0.3",
)


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    """Of a model with dropout, and no more: its step is traced soonest."""
    model = {"name": "dink", "dim": 8, "history_length": 4, "num_neighbours": 2}
    return write_config(tmp_path_factory.mktemp("config"), model=model)


@pytest.fixture(scope="module")
def uninterrupted(config, tmp_path_factory) -> Path:
    """A run of RANDOM that nothing disturbed."""
    run = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert run_train(config, run, overrides=RANDOM) == 0
    return run


def _same_result(run: Path, other: Path) -> None:
    found, wanted = (json.loads((path / "metrics.json").read_text()) for path in (run, other))
    for part in ("test", "validation"):
        assert found[part] == pytest.approx(wanted[part], abs=1e-6)
    assert found["timing"]["steps"] == wanted["timing"]["steps"]
    curves = [pd.read_csv(path / "history.csv").drop(columns="examples_per_second") for path in (run, other)]
    pd.testing.assert_frame_equal(*curves, atol=1e-6)


def test_killed_and_resumed_it_ends_where_an_uninterrupted_run_ends(config, uninterrupted, tmp_path, capsys):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "tfkgrec.train", "--config", str(config), "--run-dir", str(run), "--set", *RANDOM]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = run / "checkpoint/state.json"
    deadline = time.monotonic() + 120
    while not (state.exists() and json.loads(state.read_text())["epoch"] >= 3):
        assert process.poll() is None and time.monotonic() < deadline, "the run ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (run / "metrics.json").exists()

    assert run_train(config, run, "--resume", overrides=RANDOM) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not any(line.startswith(("epoch 1/6", "epoch 2/6", "epoch 3/6")) for line in lines)
    assert any(line.startswith("epoch 6/6") for line in lines)
    _same_result(run, uninterrupted)


def test_a_crash_between_the_files_of_a_checkpoint_costs_an_epoch_at_most(config, uninterrupted, tmp_path, monkeypatch):
    """The machine stops when the third epoch's weights are in place, but not yet the state that belongs to them."""
    run = tmp_path / "run"
    write_text = callbacks.write_text

    def stop_at_the_third(path, text):
        if path.name == "state.json" and (path.parent / "epoch-00003.weights.h5").exists():
            raise SystemExit("power cut")
        write_text(path, text)

    monkeypatch.setattr(callbacks, "write_text", stop_at_the_third)
    with pytest.raises(SystemExit, match="power cut"):
        run_train(config, run, overrides=RANDOM)
    monkeypatch.undo()
    assert json.loads((run / "checkpoint/state.json").read_text())["epoch"] == 2
    assert run_train(config, run, "--resume", overrides=RANDOM) == 0
    _same_result(run, uninterrupted)


def test_a_finished_run_resumes_to_the_same_result(config, uninterrupted):
    before = (uninterrupted / "metrics.json").read_text()
    assert run_train(config, uninterrupted, "--resume", overrides=RANDOM) == 0
    after = json.loads((uninterrupted / "metrics.json").read_text())
    assert {**after, "timing": None} == {**json.loads(before), "timing": None}
    (uninterrupted / "metrics.json").write_text(before)


@pytest.mark.parametrize(
    ("arguments", "made", "line"),
    [
        (["--resume"], None, "{run}: expected a run to resume, found no config.yaml"),
        ([], "notes.txt", "{run}: expected a new or empty run directory (or --resume), found files in it"),
        (["--resume"], "notes.txt", "{run}: expected a run to resume, found no config.yaml"),
    ],
)
def test_a_run_directory_that_does_not_fit_is_one_line_and_stays_as_it_was(
    config, tmp_path, capsys, arguments, made, line
):
    run = tmp_path / "run"
    if made:
        run.mkdir()
        (run / made).write_text("mine")
    assert run_train(config, run, *arguments, overrides=TINY) == 2
    assert capsys.readouterr() == ("", f"error: {line.format(run=run)}\n")
    assert [path.name for path in run.glob("*")] == ([made] if made else [])


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("model.dim=16", "model.dim: expected 8, as the run in {run} began, found 16"),
        ("training.learning_rate=0.5", "training.learning_rate: expected 0.02, as the run in {run} began, found 0.5"),
    ],
)
def test_a_run_resumes_with_its_own_settings_only(config, uninterrupted, capsys, override, line):
    before = (uninterrupted / "config.yaml").read_text()
    assert run_train(config, uninterrupted, "--resume", overrides=(*RANDOM, override)) == 2
    assert capsys.readouterr().err == f"error: {line.format(run=uninterrupted)}\n"
    assert (uninterrupted / "config.yaml").read_text() == before


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_disk_that_fills_during_training_is_one_line_and_leaves_whole_files(
    config, tmp_path, capsys, monkeypatch, epoch
):
    """HDF5 would end the process with a segmentation fault (seen on a small tmpfs), so the room is looked for first."""
    usage, run = shutil.disk_usage, tmp_path / "run"
    full = []

    def room(path):
        if (run / f"checkpoint/epoch-{epoch - 1:05d}.weights.h5").exists() or epoch == 1:
            full.append(path)
        return usage(path)._replace(free=20_000 if full else 10**9)

    monkeypatch.setattr(shutil, "disk_usage", room)
    assert run_train(config, run, overrides=TINY) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {run}/checkpoint/") and line.endswith(": No space left on device")
    left = {path.name for path in (run / "checkpoint").iterdir()}
    assert left == (set() if epoch == 1 else {"epoch-00001.weights.h5", "best.weights.h5", "state.json"})
    assert not (run / "metrics.json").exists()


def test_resume_wants_to_know_which_run(config, capsys):
    from tfkgrec import train

    with pytest.raises(SystemExit) as stop:
        train.main(["--config", str(config), "--resume"])
    assert stop.value.code == 2
    assert "--resume: expected --run-dir DIR" in capsys.readouterr().err


def test_the_run_directory_holds_what_repeats_and_judges_the_run(planted_run):
    run = RunDirectory(planted_run)
    assert load_config(run.config).data.source.synthetic.users == 300
    metrics = json.loads(run.metrics.read_text())
    assert {"model", "dataset", "protocol", "seed", "test", "validation", "floors", "timing", "data"} <= metrics.keys()
    assert metrics["timing"]["train_seconds"] > 0 and metrics["timing"]["examples_per_second"] > 0
    environment = json.loads(run.environment.read_text())
    assert environment["versions"]["keras"] == keras.__version__
    assert environment["devices"] and environment["git_commit"] is not None
    assert {"best.weights.h5", "state.json"} <= {path.name for path in run.checkpoint.iterdir()}
    assert {"users.txt", "items.txt", "entity_names.txt"} <= {path.name for path in run.vocabularies.iterdir()}
    temporary = [path for path in planted_run.rglob("*") if path.name.startswith(".")]
    assert not temporary


def test_history_has_a_row_per_epoch_and_the_best_is_what_was_kept(planted_run):
    run = RunDirectory(planted_run)
    history = pd.read_csv(run.history)
    state = json.loads(run.state.read_text())
    assert history["epoch"].tolist() == list(range(1, state["epoch"] + 1))
    assert {"loss", "task_loss", "regularization_loss", "auc", "val_auc", "val_acc"} <= set(history.columns)
    assert {"learning_rate", "examples_per_second"} <= set(history.columns)
    np.testing.assert_allclose(history["loss"], history["task_loss"] + history["regularization_loss"], atol=1e-5)
    best = history["val_auc"].idxmax()
    assert (state["best_epoch"], state["best"]) == (best + 1, pytest.approx(history["val_auc"][best]))
    # Platt's scaling keeps the order, so the AUC of the final model is that of the best epoch.
    metrics = json.loads(run.metrics.read_text())
    assert metrics["validation"]["auc"] == pytest.approx(history["val_auc"].max(), abs=1e-9)
    weights = [path.name for path in run.checkpoint.glob("epoch-*")]
    assert weights == [f"epoch-{state['epoch']:05d}.weights.h5"] == [state["weights"]]


def test_planted_data_are_learned_up_to_what_can_be_known(planted_run):
    """Clearly above what is popular, and never above the score that made the data."""
    from tfkgrec.datasets.synthetic.world import draw_world

    settings = load_config(planted_run / "config.yaml")
    synthetic = settings.data.source.synthetic
    _, truth = draw_world(synthetic.users, synthetic.items, synthetic.positives_per_user, seed=0)
    test = json.loads((planted_run / "metrics.json").read_text())["test"]
    assert truth.popularity_auc + 0.08 < test["auc"] < truth.best_auc + 0.01
    assert math.isfinite(test["acc"]) and test["acc"] > 0.7
