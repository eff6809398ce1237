"""The numbers of version 0.1, through every change: trained anew, loaded from its runs, served from its exports.

Where they come from, and when they may be recorded again: tests/golden/make.py.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.record import (
    EXPORT,
    EXPORTED,
    GOLDEN,
    MODELS,
    RUNS,
    SHOWN,
    as_answers,
    asked,
    differences,
    exported_answers,
    logits,
    metrics,
    run_answers,
    train_golden,
    trained,
)
from tfkgrec import evaluate
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer
from tfkgrec.training.run_directory import RunDirectory

TRAINED = 1e-4  # two epochs of sums in another order
SAME_WEIGHTS = 1e-5


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(recorded) == set(MODELS)
    return recorded


@pytest.fixture
def old_run(request: pytest.FixtureRequest, tmp_path: Path) -> RunDirectory:
    """A copy of the 0.1 run of `request.param`."""
    return RunDirectory(shutil.copytree(RUNS / request.param, tmp_path / "run"))


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """All 0.1 exports in one server."""
    manager = ModelManager([ModelConfig(model, EXPORT / model) for model in EXPORTED])
    with ModelServer(manager, port=0, poll_seconds=0) as running:
        yield running


@pytest.mark.parametrize("model", MODELS)
def test_training_anew_gives_the_same(golden, model, tmp_path):
    found = trained(train_golden(model, tmp_path / "run"))
    assert differences(found, golden[model]["trained"], TRAINED) == []


@pytest.mark.parametrize(("model", "old_run"), [(model, model) for model in MODELS], indirect=["old_run"])
def test_an_old_run_loads_and_evaluates(golden, model, old_run):
    assert differences(logits(old_run.path), golden[model]["loaded"], SAME_WEIGHTS) == []
    before = metrics(old_run)
    assert run_main(evaluate.main, [str(old_run.path)]) == 0
    assert differences(metrics(old_run), before, SAME_WEIGHTS) == []


@pytest.mark.parametrize("model", EXPORTED)
def test_an_old_run_answers(golden, model):
    assert differences(run_answers(model, RUNS / model), golden[model]["exported"], SAME_WEIGHTS) == []


@pytest.mark.parametrize("model", ["hkrm", "ksr"])  # of either kind of signatures the cheapest; the others answer above
def test_an_old_run_exports(golden, model, exported_anew):
    assert differences(exported_answers(model, exported_anew(model)), golden[model]["exported"], SAME_WEIGHTS) == []


@pytest.mark.parametrize("model", EXPORTED)
def test_an_old_export_is_served(golden, model, server):
    users, items = asked(model)
    wanted = golden[model]["exported"]
    with Client(server.address, model, timeout=60) as client:
        score, best, why = client.score(users, items), client.recommend(users, SHOWN), client.explain(users, items)
    found = as_answers(score, best.item_id, best.score, why)
    assert best.version == 1
    assert differences(found, wanted, SAME_WEIGHTS) == []
