"""Protocol R end to end on planted data: train, judge, export with every signature, serve, explain in words."""

import json

import numpy as np
import pytest

from tests.planted import SETTINGS, run_train, served, write_config
from tfkgrec.config import build_config
from tfkgrec.errors import InputError
from tfkgrec.export import export_run
from tfkgrec.models.explain_text import explain_text
from tfkgrec.protocols.top_n.protocol import TopNProtocol
from tfkgrec.runs.run import load_run, prepare
from tfkgrec.runtime.servable import Servable
from tfkgrec.savedmodel.in_process import explain_run

MODEL = {
    "name": "rkan",
    "dim": 8,
    "num_paths": 4,
    "history_length": 8,
    "near_users": 6,
    "score": "both",
    "rerank": 20,
    "paths_from": "newest",
    "inner_product_in_logit": True,
    "item_bias": True,
    "history_item_dot": True,
    "item_attributes": True,
}
DATA = {"dataset": "synthetic", "protocol": "R", "synthetic": {"users": 80, "items": 60, "positives_per_user": 15}}
TRAINING = {"epochs": 2, "batch_size": 256, "items_per_user": 8, "learning_rate": 2e-2, "jit_compile": False}
SECTIONS = {
    "model": MODEL,
    "data": DATA,
    "training": TRAINING,
    "evaluation": {"floors": ["popularity", "item_knn", "item_knn_newest"]},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rkan")
    assert run_train(write_config(folder, **SECTIONS), folder / "run") == 0
    return folder / "run"


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    return export_run(run, tmp_path_factory.mktemp("rkan-export"))


def test_metrics_hold_both_parts_and_the_floors_of_this_protocol(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["protocol"] == "top_n"
    assert metrics["test"].keys() == {"full", "full_cold"}
    assert {"precision@1", "precision@5", "precision@10", "mrr", "mrr_se", "users"} <= metrics["test"]["full"].keys()
    assert metrics["floors"].keys() == {"popularity", "item_knn", "item_knn_newest"}
    assert metrics["floors"]["popularity"]["full"]["users"] == metrics["test"]["full"]["users"]
    assert metrics["test"]["full"]["mrr"] > 0.02


def test_a_model_from_its_file_scores_the_same_and_knows_what_test_may_know(run):
    config, _, model = load_run(run)
    protocol = prepare(config).protocol
    assert isinstance(protocol, TopNProtocol)
    again = protocol.evaluate(model)
    metrics = json.loads((run / "metrics.json").read_text())
    assert again["test"]["full"]["mrr"] == pytest.approx(metrics["test"]["full"]["mrr"], abs=1e-6)
    users = np.arange(1, 6)
    stored = np.asarray(model.history)[users]
    assert np.array_equal(stored, protocol.splits.histories("test", users, 8))
    item = np.tile(np.arange(1, model.num_items, dtype=np.int32), (5, 1))
    served = np.asarray(model({"user": users.astype(np.int32), "item": item}))
    np.testing.assert_allclose(protocol.score_catalogue(model, users), served, atol=1e-5)


def test_the_export_answers_every_signature_as_the_model_does(run, exported):
    """export_run itself compares each signature with the model in memory; here is what comes out."""
    users = (run / "vocabularies/users.txt").read_text().splitlines()
    items = (run / "vocabularies/items.txt").read_text().splitlines()
    servable = Servable("rkan", 1, exported)
    try:
        ranked = servable.run("recommend", {"user_id": np.array([users[0].encode()], object)}, ["item_id", "score"])
        assert (np.diff(ranked["score"][0]) <= 1e-6).all()
        prepared = prepare(load_run(run)[0])
        offered = servable.run("recommend", {"user_id": np.array([u.encode() for u in users], object)}, ["item_id"])
        for user, row in zip(users, offered["item_id"], strict=True):
            inner = int(prepared.dataset.users.encode([user])[0])
            own = prepared.dataset.items.decode(prepared.splits.known("test").of(inner))
            shown = {item.decode() for item in row if item}
            assert not shown & set(own)  # nothing of the 80% comes back, the validation ratings included
            assert len(shown) == min(20, len(items) - len(own))
        history = np.array([[item.encode() for item in items[:3]]], object)
        found = servable.run("recommend_for_history", {"history": history}, ["item_id"])
        assert not set(found["item_id"][0].tolist()) & set(history[0].tolist())
    finally:
        servable.close()
    said = set()
    for item in items[:12]:
        lines = explain_text(explain_run(run, users[0], item), users[0], item)
        assert lines[0].startswith(f"film {item.split('-')[-1]}") or "(probability" in lines[0]
        said |= {line.split("; ")[-1].split(" ")[0] for line in lines[1:] if "you rated" in line}
    assert len(said) > 1


def test_a_client_gets_lists_scores_and_paths_in_sentences(run, exported):
    users = [*(run / "vocabularies/users.txt").read_text().splitlines()[:2], "nobody"]
    with served(exported.parent) as client:
        best = client.recommend(users, k=5)
        assert (best.known.tolist(), best.version, best.state) == ([True, True, False], 1, {})
        pairs = np.repeat(users, 5).tolist(), best.item_id.ravel().tolist()
        np.testing.assert_allclose(client.score(*pairs), best.score.ravel(), atol=1e-5)
        history = best.item_id[0].tolist()
        stranger = client.recommend_for_history([history, []], k=5)
        assert stranger.known.tolist() == [5, 0]
        assert not set(stranger.item_id[0]) & set(history)
        reasons = client.explain(*pairs)
    np.testing.assert_allclose(reasons["probability"], best.score.ravel(), atol=1e-5)
    told = []
    for row, (user, item) in enumerate(zip(*pairs, strict=True)):
        one = {name: values[row : row + 1] for name, values in reasons.items()}
        told += [line for line in explain_text(one, user, item)[1:] if user != "nobody"]
    assert any("% you rated film " in line for line in told)


@pytest.mark.parametrize(
    "section, changed, message",
    [
        ("training", {"calibrate": True}, r"training\.calibrate: expected only with .* ctr, found .* top_n"),
        ("training", {"items_per_user": 7}, r"training\.items_per_user: expected an even number with .*, found 7"),
        ("evaluation", {"floors": ["mf"]}, r"evaluation\.floors: expected some of popularity, item_knn, .*, found mf"),
        ("model", {"name": "ksr"}, r"data\.protocol: expected sequential for model ksr, found top_n"),
    ],
)
def test_settings_that_do_not_go_with_it(section, changed, message):
    sections = {**SETTINGS, **SECTIONS}
    # evaluation and model are replaced, so that no key of another model stands in the way
    settings = changed if section in ("evaluation", "model") else {**sections[section], **changed}
    with pytest.raises(InputError, match=f"^(settings: )?{message}$"):
        build_config({**sections, section: settings})


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"score": "both", "inner_product_in_logit": False}, "model"),
        ({"item_bias": True, "inner_product_in_logit": False, "score": "path"}, "model.item_bias"),
        ({"num_paths": 0}, "model.num_paths"),
    ],
)
def test_settings_of_the_model_that_contradict_each_other(changed, message):
    plain = {"name": "rkan", "inner_product_in_logit": True, "score": "both"}
    with pytest.raises(InputError, match=message):
        build_config({**SETTINGS, **SECTIONS, "model": {**plain, **changed}})


def test_cold_users_only_with_this_protocol():
    line = r"data\.cold_users: expected only with data\.protocol top_n, found data\.protocol ctr"
    with pytest.raises(InputError, match=line):
        build_config({**SETTINGS, "data": {"dataset": "synthetic", "cold_users": 0.2}})
