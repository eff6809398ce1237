"""HKRM from a config to every signature of its SavedModel."""

from pathlib import Path

import numpy as np
import pytest

from tests.planted import TINY, run_train, write_config
from tfkgrec import explain, export
from tfkgrec.cli import run_main
from tfkgrec.runtime.servable import Servable

MODEL = {
    "name": "hkrm",
    "history_length": 6,
    **dict.fromkeys(("item_bias", "attribute_bias", "item_attributes", "user_item_dot"), True),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hkrm")
    assert run_train(write_config(folder, model=MODEL), folder / "run", overrides=TINY) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def servable(run, tmp_path_factory):
    """`export` itself compares every signature with the model in memory, and refuses to publish what differs."""
    folder = tmp_path_factory.mktemp("hkrm-export")
    assert run_main(export.main, [str(run), "--export-dir", str(folder)]) == 0
    loaded = Servable("hkrm", 1, folder / "hkrm/1")
    yield loaded
    loaded.close()


def text(*values: str) -> np.ndarray:
    return np.array([value.encode() for value in values], object)


@pytest.fixture(scope="module")
def users(run) -> np.ndarray:
    return text(*(run / "vocabularies/users.txt").read_text().splitlines()[:3], "nobody")


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


def test_explains_by_fields_in_names(servable, users):
    outputs = ["probability", "field_relation", "query_distribution", "target_distribution", "field_match"]
    outputs += ["value_entity", "history_name", "item_weight"]
    given = {"user_id": users, "item_id": text(*["film-3"] * 4)}
    found = servable.run("explain", given, outputs)
    assert set(found["field_relation"].ravel()) <= {b"has genre", b"directed by", b"stars", b"born in"}
    np.testing.assert_allclose(found["query_distribution"].sum(axis=1), [1, 1, 1, 0], atol=1e-5)
    assert found["value_entity"].shape[:2] == found["field_relation"].shape
    score = servable.run("serving_default", given, ["probability"])["probability"]
    np.testing.assert_allclose(found["probability"], score, atol=1e-5)


def test_explain_speaks_of_fields(run, users, capsys):
    arguments = [str(run), "--user", users[0].decode(), "--item", "film-3"]
    assert run_main(explain.main, arguments) == 0
    said = capsys.readouterr().out
    assert "what weighs for you, and in it:" in said
    assert "has genre" in said or "directed by" in said
