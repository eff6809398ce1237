"""Every model that takes vectors, from a config that asks for them: kept with the run, and read again by --resume."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.planted import run_train, write_config
from tfkgrec.runs import run as run_module
from tfkgrec.runs.run import load_run, prepare

WORLD = {"dataset": "synthetic", "synthetic": {"users": 60, "items": 50, "positives_per_user": 10}}
TRAINING = {"epochs": 1, "patience": 4, "batch_size": 96, "learning_rate": 2e-2, "jit_compile": False}
SMALL = {"dim": 4, "history_length": 6}
GRAPH = {"knowledge": "transe", "epochs": 1}
FROZEN = {"train_items": False, "train_knowledge": False}
SECTIONS = {
    "hkrm": {"model": {"name": "hkrm", **SMALL}, "data": WORLD, "pretraining": GRAPH},
    "rkan": {
        "model": {"name": "rkan", **SMALL, "num_paths": 4, "near_users": 4},
        "data": {**WORLD, "protocol": "top_n"},
        "pretraining": GRAPH,
    },
    "ksr": {  # the paper's: all three tables are pre-trained and stay as they are
        "model": {"name": "ksr", **SMALL, "item_dim": 5, "hidden_dim": 6, "min_relation_triples": 20, **FROZEN},
        "data": {**WORLD, "protocol": "sequential", "k_core": 2},
        "pretraining": {**GRAPH, "items": "bpr", "item_dim": 5, "item_epochs": 1},
    },
    "ekpnet": {"model": {"name": "ekpnet", **SMALL}, "data": WORLD, "pretraining": GRAPH},
}


def fixed_tables(model) -> list[np.ndarray]:
    """What a KSR with the paper's settings starts from, and never moves."""
    return [np.asarray(t) for t in (model.item_vectors.embeddings, model.entity_vectors.embeddings)]


@pytest.mark.parametrize("name", ["rkan", "ksr"])  # of one protocol each; HKRM under ctr: its own tests
def test_vectors_stay_with_the_run_and_a_resumed_run_reads_them(name, tmp_path, monkeypatch):
    config = write_config(tmp_path, **{**SECTIONS[name], "training": TRAINING})
    run = tmp_path / "run"
    given = []

    def noted(self, config, vectors=None):
        given.append(vectors)
        return build(self, config, vectors)

    build = run_module.Prepared.model
    monkeypatch.setattr(run_module.Prepared, "model", noted)
    assert run_train(config, run) == 0
    (started,) = given
    assert (run / "vectors.npz").exists()
    assert json.loads((run / "metrics.json").read_text())["test"]

    def never(*_, **__):
        raise AssertionError("a resumed run learns no vectors")

    monkeypatch.setattr(run_module.RunCache, "embeddings", never)
    assert run_train(config, run, "--resume", overrides=["training.epochs=2"]) == 0
    again = given[-1]
    for table in ("entity", "relation", "item"):
        before, after = getattr(started, table), getattr(again, table)
        assert (before is None) == (after is None)
        assert before is None or np.array_equal(before, after)
    assert started.entity.any()
    with open(run / "history.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    if name == "ksr":
        loaded, _, model = load_run(run)
        items, entities = fixed_tables(model)
        assert np.array_equal(items, started.item)
        assert np.array_equal(entities, started.entity[: prepare(loaded).dataset.items.size])


def test_a_width_that_does_not_fit_is_told_by_its_key(tmp_path, capsys):
    sections = {**SECTIONS["hkrm"], "pretraining": {**GRAPH, "dim": 3}, "training": TRAINING}
    assert run_train(write_config(tmp_path, **sections), Path(tmp_path / "run")) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line == "error: pretraining.dim: expected 4, as model.dim is, found vectors of 3"
