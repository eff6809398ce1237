"""`fit`: stops when validation stalls, keeps the best epoch, stops on NaN and says where it came from."""

import json
import re

import keras
import numpy as np
import pytest

from tests.planted import TINY, run_train, write_config
from tfkgrec.config import load_config
from tfkgrec.models.build import build_model
from tfkgrec.runs import run as run_module
from tfkgrec.runs.run import prepare
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.trainer import fit

NAME = r"dink(?:_\d+)?"  # Keras numbers the models of a process


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return write_config(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Of the model whose step is traced soonest."""
    return write_config(tmp_path_factory.mktemp("plain"), model={"name": "mf", "dim": 4})


@pytest.mark.parametrize("kept", ["in memory", "in a run directory"])
def test_it_stops_after_the_patience_and_gives_the_best_epoch_back(plain, tmp_path, kept):
    settings = load_config(plain, [*TINY, "training.epochs=40", "training.patience=2", "training.learning_rate=0.1"])
    prepared = prepare(settings)
    model = prepared.model(settings)
    run = None if kept == "in memory" else RunDirectory(tmp_path)
    fitted = fit(model, prepared.protocol, settings.training, run, verbose=False)
    curve = [row["val_auc"] for row in fitted.progress.rows]
    assert fitted.progress.epoch == len(curve) == int(np.argmax(curve)) + 1 + 2 < 40
    assert fitted.progress.best_epoch == int(np.argmax(curve)) + 1
    now = prepared.protocol.validate(model)["val_auc"]
    assert now == pytest.approx(max(curve), abs=1e-12) and now > curve[-1]
    if run is not None:
        assert run.best_weights(0).exists() and json.loads(run.state.read_text())["epoch"] == len(curve)


def test_the_learning_rate_falls_from_epoch_to_epoch(plain):
    """With a decay of 1e-9 all the learning is in the first epoch."""
    tables = []
    for epochs in (1, 3):
        settings = load_config(plain, [*TINY, f"training.epochs={epochs}", "training.learning_rate_decay=1e-9"])
        prepared = prepare(settings)
        model = prepared.model(settings)
        before = model.trainable_variables[0].numpy()
        fit(model, prepared.protocol, settings.training, verbose=False)
        tables.append(model.trainable_variables[0].numpy())
    assert np.abs(tables[0] - before).max() > 1e-3
    np.testing.assert_allclose(tables[1], tables[0], atol=1e-6)


def test_a_layer_that_gives_nan_stops_the_run_and_is_named(config, tmp_path, capsys, monkeypatch):
    def poked(*arguments):
        model = build_model(*arguments)
        kernel = model.interest_attention.kernel
        kernel.assign(np.full(kernel.shape, np.nan, np.float32))
        return model

    monkeypatch.setattr(run_module, "build_model", poked)
    run = tmp_path / "run"
    assert run_train(config, run, overrides=TINY) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "found NaN or infinity in epoch 1" in line
    layer = rf"{NAME}/interest_attention \(InterestAttention\)"
    assert re.search(rf"the first layer with a non-finite output is {layer}\. Try a smaller", line)
    assert not (run / "metrics.json").exists() and not (run / "model.keras").exists()


def test_a_learning_rate_far_too_large_stops_the_run_in_one_line(config, tmp_path, capsys, monkeypatch):
    adam = keras.optimizers.Adam
    monkeypatch.setattr(keras.optimizers, "Adam", lambda learning_rate: adam(1e30))  # the config allows up to 10
    assert run_train(config, tmp_path / "run", overrides=TINY) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(
        rf"the first layer with a non-finite output is {NAME}/\w+.* \(\w+\)\. Try a smaller .* than 1e\+30", line
    )
