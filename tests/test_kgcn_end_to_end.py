"""KGCN, which reads no history, from a config to every signature of its SavedModel."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.planted import run_train, write_config
from tfkgrec import explain, export
from tfkgrec.cli import run_main
from tfkgrec.runtime.servable import Servable

MODEL = {"name": "kgcn", "dim": 8, "num_neighbours": 4, "item_bias": True, "pair_l2": 1e-2}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kgcn")
    assert run_train(write_config(folder, model=MODEL), folder / "run") == 0
    return folder / "run"


@pytest.fixture(scope="module")
def servable(run, tmp_path_factory):
    """`export` itself compares every signature with the model in memory, and refuses to publish what differs."""
    folder = tmp_path_factory.mktemp("kgcn-export")
    assert run_main(export.main, [str(run), "--export-dir", str(folder)]) == 0
    loaded = Servable("kgcn", 1, folder / "kgcn/1")
    yield loaded
    loaded.close()


def test_learns_more_than_popularity(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["auc"] > metrics["floors"]["popularity"]["auc"] + 0.05


def test_scores_recommends_and_explains_but_ranks_for_no_history(servable, run):
    known = (run / "vocabularies/users.txt").read_text().splitlines()[0]
    users = np.array([known.encode(), b"nobody"], object)
    assert not servable.has_signature("recommend_for_history")
    best = servable.run("recommend", {"user_id": users}, ["item_id", "score", "known_user"])
    assert best["known_user"].tolist() == [True, False]
    for user, items, score in zip(users, best["item_id"], best["score"], strict=True):
        given = {"user_id": np.repeat(user, len(items)), "item_id": items}
        alone = servable.run("serving_default", given, ["probability"])["probability"]
        np.testing.assert_allclose(alone, score, atol=1e-5)
    given = {"user_id": users, "item_id": np.array([b"film-3"] * 2, object)}
    outputs = ["neighbour_entity", "neighbour_relation", "neighbour_weight"]
    found = servable.run("explain", given, outputs)
    assert set(found["neighbour_relation"].ravel()) <= {b"has genre", b"directed by", b"stars", b"born in", b""}
    there = found["neighbour_entity"] != b""
    np.testing.assert_allclose(found["neighbour_weight"].sum(axis=1), [1, 1], atol=1e-5)
    assert not found["neighbour_weight"][~there].any()


def test_explain_speaks_of_facts(run, capsys):
    user = (run / "vocabularies/users.txt").read_text().splitlines()[0]
    assert run_main(explain.main, [str(run), "--user", user, "--item", "film-3"]) == 0
    said = capsys.readouterr().out
    assert f"what counts for user {user}:" in said
    assert "% has genre " in said or "% directed by " in said or "% stars " in said
