"""Protocol S: what it refuses, each in one line, before any data is read."""

import pytest

from tfkgrec.config import build_config
from tfkgrec.errors import InputError
from tfkgrec.runs.run import prepare

DATA = {
    "dataset": "synthetic",
    "protocol": "S",
    "k_core": 2,
    "synthetic": {"users": 40, "items": 40, "positives_per_user": 10},
}
PAPER = {"name": "ksr", "dim": 4, "item_dim": 5, "hidden_dim": 6, "history_length": 6, "min_relation_triples": 20}
PAPER |= {"train_items": False, "train_knowledge": False}
LEARNED = {**PAPER, "train_items": True, "train_knowledge": True}
FIXED = "expected true without pretraining"
RANDOM = "found false: random vectors, fixed"


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        ({"model": {"name": "dink"}}, "data.protocol: expected ctr or top_n for model dink, found sequential"),
        ({"model": {"name": "rkan"}}, "data.protocol: expected top_n for model rkan, found sequential"),
        (
            {"evaluation": {"floors": ["popularity", "mf"]}},
            "evaluation.floors: expected some of popularity, item_knn, bpr with data.protocol sequential, found mf",
        ),
        (
            {"training": {"calibrate": True}},
            "training.calibrate: expected only with data.protocol ctr, found data.protocol sequential",
        ),
        ({"model": PAPER, "pretraining": None}, f"model.train_items: {FIXED}.items, {RANDOM}"),
        (
            {"model": {**PAPER, "train_knowledge": True}, "pretraining": {"knowledge": "transe", "items": None}},
            f"model.train_items: {FIXED}.items, {RANDOM}",
        ),
        (
            {"model": {**PAPER, "train_items": True}, "pretraining": None},
            f"model.train_knowledge: {FIXED}.knowledge, {RANDOM}",
        ),
        (
            {"model": PAPER, "pretraining": {"items": "bpr", "knowledge": None}},
            f"model.train_knowledge: {FIXED}.knowledge, {RANDOM}",
        ),
    ],
)
def test_settings_that_do_not_go_with_it(sections, line):
    with pytest.raises(InputError) as found:
        build_config({"model": LEARNED, "data": DATA, **sections})
    assert str(found.value).removeprefix("settings: ") == line


@pytest.mark.parametrize(
    "sections",
    [
        {"model": LEARNED},
        {"model": PAPER, "pretraining": {"items": "bpr", "knowledge": "transe"}},
        {"model": PAPER, "pretraining": {"vectors": "some.npz"}},
        {"model": {**PAPER, "knowledge": "none"}, "pretraining": {"items": "bpr"}},
    ],
)
def test_settings_that_do(sections):
    """Vectors from a file count as whatever it holds; the model itself says what is missing in it."""
    config = build_config({"data": DATA, **sections})
    assert len(prepare(config).splits.test.user)
    assert config.evaluation.floors == ("popularity", "item_knn", "bpr")
