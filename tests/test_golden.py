"""The numbers of version 0.1, through every change: loaded from its runs, served from its exports.

Where they come from, and when they may be recorded again: tests/golden/make.py. Training anew is compared in
tests/cases/test_end_to_end.py, exports of its runs in tests/savedmodel/, where they are made.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.record import (
    EXPORT,
    EXPORTED,
    MODELS,
    RUNS,
    SAME_WEIGHTS,
    SHOWN,
    asked,
    differences,
    logits,
    metrics,
    recorded,
    run_answers,
    served_answers,
)
from tfkgrec import evaluate
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.runs.version_0_1 import read_config
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer
from tfkgrec.training.run_directory import RunDirectory


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    found = recorded()
    assert set(found) == set(MODELS)
    return found


@pytest.fixture
def old_run(request: pytest.FixtureRequest, tmp_path: Path) -> RunDirectory:
    """A copy of the 0.1 run of `request.param`."""
    return RunDirectory(shutil.copytree(RUNS / request.param, tmp_path / "run"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """All 0.1 exports in one server; one of either kind of signatures is warmed up, which takes a second for each."""
    home = tmp_path_factory.mktemp("exports")
    for model in EXPORTED:
        cold = None if model in ("hkrm", "ksr") else shutil.ignore_patterns("assets.extra")
        shutil.copytree(EXPORT / model, home / model, ignore=cold)
    manager = ModelManager([ModelConfig(model, home / model) for model in EXPORTED])
    with ModelServer(manager, port=0, poll_seconds=0) as running:
        yield running


@pytest.mark.parametrize(("model", "old_run"), [(model, model) for model in MODELS], indirect=["old_run"])
def test_an_old_run_loads_and_evaluates(golden, model, old_run):
    assert differences(logits(old_run.path), golden[model]["loaded"], SAME_WEIGHTS) == []
    before = metrics(old_run)
    assert run_main(evaluate.main, [str(old_run.path)]) == 0
    assert differences(metrics(old_run), before, SAME_WEIGHTS) == []


@pytest.mark.parametrize("model", EXPORTED)
def test_an_old_run_answers(golden, model):
    assert differences(run_answers(model, RUNS / model), golden[model]["exported"], SAME_WEIGHTS) == []


@pytest.mark.parametrize("model", EXPORTED)
def test_an_old_export_is_served(golden, model, server):
    with Client(server.address, model, timeout=60) as client:
        assert client.recommend(asked(model)[0], SHOWN).version == 1
        assert differences(served_answers(model, client), golden[model]["exported"], SAME_WEIGHTS) == []


def test_what_an_old_run_does_not_say_is_as_it_was():
    """Histories of two kinds, and HKRM's first reading of its eqs 6 and 7."""
    config = read_config(RUNS / "hkrm" / "config.yaml")
    assert (config.data.split.history, config.model.attribute_output) == ("mixed", "softmax")
    assert read_config(RUNS / "ksr" / "config.yaml").data.protocol == "sequential"  # which has no such key
