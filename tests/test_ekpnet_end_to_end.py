"""EKPNet from a config, through both of its stages, to every signature of its SavedModel."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.planted import SETTINGS, TINY, run_train, write_config
from tfkgrec import explain, export
from tfkgrec.cli import run_main
from tfkgrec.runtime.servable import Servable

MODEL = {
    "name": "ekpnet",
    "history_length": 4,
    **dict.fromkeys(("item_bias", "history_hop", "item_attributes", "user_item_dot", "ripple_item_dot"), True),
}
DATA = {**SETTINGS["data"], "inverse_relations": True}
TRAINING = {**SETTINGS["training"], "first_stage": {"epochs": 1}}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Starts from TransE vectors, too."""
    folder = tmp_path_factory.mktemp("ekpnet")
    pretraining = {"knowledge": "transe", "epochs": 1}
    config = write_config(folder, model=MODEL, data=DATA, training=TRAINING, pretraining=pretraining)
    assert run_train(config, folder / "run", overrides=TINY) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def servable(run, tmp_path_factory):
    """`export` itself compares every signature with the model in memory, and refuses to publish what differs."""
    folder = tmp_path_factory.mktemp("ekpnet-export")
    assert run_main(export.main, [str(run), "--export-dir", str(folder)]) == 0
    loaded = Servable("ekpnet", 1, folder / "ekpnet/1")
    yield loaded
    loaded.close()


def text(*values: str) -> np.ndarray:
    return np.array([value.encode() for value in values], object)


@pytest.fixture(scope="module")
def users(run) -> np.ndarray:
    return text(*(run / "vocabularies/users.txt").read_text().splitlines()[:3], "nobody")


def test_trained_in_two_stages(run):
    with open(run / "history.csv") as file:
        assert [row["stage"] for row in csv.DictReader(file)] == ["0", "1", "1"]


def test_recommends_what_it_scores_highest(servable, users):
    best = servable.run("recommend", {"user_id": users}, ["item_id", "score", "known_user"])
    assert best["known_user"].tolist() == [True, True, True, False]
    for row, user in enumerate(users):
        items = best["item_id"][row]
        given = {"user_id": np.repeat(user, len(items)), "item_id": items}
        alone = servable.run("serving_default", given, ["probability"])["probability"]
        np.testing.assert_allclose(alone, best["score"][row], atol=1e-5)


def test_a_history_without_a_user_is_served(servable):
    history = np.array([[b"film-1", b"film-2", b""], [b"", b"", b""]], object)
    found = servable.run("recommend_for_history", {"history": history}, ["item_id", "score", "known_items"])
    assert found["known_items"].tolist() == [2, 0]
    assert b"film-1" not in found["item_id"][0]
    assert np.isfinite(found["score"]).all()
    assert not np.array_equal(found["item_id"][0][:5], found["item_id"][1][:5])


def test_explains_by_triples_in_names(servable, users):
    outputs = ["probability", "ripple_attention", "ripple_seed_item", "ripple_seed_name"]
    outputs += ["ripple_head_entity", "ripple_relation", "ripple_tail_entity"]
    given = {"user_id": users, "item_id": text(*["film-3"] * 4)}
    found = servable.run("explain", given, outputs)
    assert {found[name].shape for name in outputs[1:]} == {(4, 2, 16)}
    known = {"has genre", "directed by", "stars", "born in"}
    names = {name.decode() for name in found["ripple_relation"].ravel()} - {""}
    assert names & known
    assert names <= known | {f"{name} of" for name in known}  # inverse edges lead on
    there = found["ripple_attention"] > 0
    np.testing.assert_array_equal(there, found["ripple_relation"] != b"")
    np.testing.assert_array_equal(
        found["ripple_seed_name"][:, 0][there[:, 0]], found["ripple_head_entity"][:, 0][there[:, 0]]
    )
    assert not there[3].any()
    score = servable.run("serving_default", given, ["probability"])["probability"]
    np.testing.assert_allclose(found["probability"], score, atol=1e-5)


def test_explain_speaks_of_triples(run, users, capsys):
    arguments = [str(run), "--user", users[0].decode(), "--item", "film-3"]
    assert run_main(explain.main, arguments) == 0
    said = capsys.readouterr().out
    assert "1 step from there:" in said
    assert "2 steps from there:" in said
