"""Which template words an explanation: the one of the model that the export names."""

import json

import numpy as np
import pytest

from tests.golden.record import EXPORTED, GOLDEN
from tfkgrec import registry
from tfkgrec.models.explain_text import EXPLAINED_BY, explain_text

ASKED = "user-1", "film-1"


@pytest.fixture(scope="module")
def explanations():
    """model -> the outputs of `explain` of its 0.1 export, as a client reads them."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return {model: _arrays(golden[model]["exported"]["explain"]) for model in EXPORTED}


def _arrays(outputs):
    arrays = {name: np.array(rows) for name, rows in outputs.items()}
    return {name: array.astype(object) if array.dtype.kind == "U" else array for name, array in arrays.items()}


def named(outputs, model):
    return {**outputs, EXPLAINED_BY: np.array([model] * len(outputs["probability"]), object)}


@pytest.mark.parametrize("model", EXPORTED)
def test_an_export_of_0_1_is_explained_as_one_that_names_its_model(explanations, model):
    assert registry.models()[model].explain_text
    outputs = explanations[model]
    for row in range(len(outputs["probability"])):
        told = explain_text(named(outputs, model), *ASKED, row)
        assert explain_text(outputs, *ASKED, row) == told
        assert str(outputs["item_name"][row]) in told[0] and "explained_by" not in " ".join(told)


def test_the_name_counts_and_not_which_outputs_there_are(explanations):
    """DINK gives all that KGCN's template reads, in other shapes."""
    kgcn = explanations["kgcn"]
    more = {**kgcn, "attention": np.zeros((len(kgcn["probability"]), 4), np.float32)}
    assert explain_text(named(more, "kgcn"), *ASKED) == explain_text(kgcn, *ASKED)


def test_a_model_that_gives_no_reasons_says_so():
    outputs = {"probability": np.array([0.5]), "item_name": np.array(["film 1"], object), "known_item": np.array([1])}
    assert explain_text(named(outputs, "mf"), *ASKED) == [
        "film 1 (probability 0.50): the model mf gives no reasons: it has no parts to name"
    ]


def test_a_model_that_nobody_knows_is_told_as_it_answers(explanations):
    outputs = {name: explanations["dink"][name] for name in ("probability", "attention")}
    lines = explain_text(named(outputs, "somebody"), *ASKED)
    assert lines[0] == "user user-1, item film-1:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["attention", "explained_by", "probability"]
    assert "  explained_by: somebody" in lines
