"""Protocol R end to end on planted data: train, judge, export with every signature, serve, explain in words."""

import json

import numpy as np
import pytest

from tests.planted import SETTINGS, run_train, write_config
from tfkgrec.config import build_config
from tfkgrec.errors import InputError
from tfkgrec.models.explain_text import explain_text
from tfkgrec.protocols.top_n.protocol import TopNProtocol
from tfkgrec.runs.run import load_run, prepare
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


def test_paths_of_several_kinds_are_told(run):
    users, items = ((run / "vocabularies" / f"{kind}.txt").read_text().splitlines() for kind in ("users", "items"))
    said = set()
    for item in items[:12]:
        lines = explain_text(explain_run(run, users[0], item), users[0], item)
        said |= {line.split("; ")[-1].split(" ")[0] for line in lines[1:] if "you rated" in line}
    assert len(said) > 1
