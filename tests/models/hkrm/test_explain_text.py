"""HKRM's explanation as sentences."""

import numpy as np
import pytest

from tfkgrec.models.explain_text import explain_text


def words(*values):
    return np.array([values], dtype=object)


@pytest.fixture
def outputs():
    """One pair: two liked films of three places; three fields, of which the target lacks the last."""
    return {
        "probability": np.array([0.83], np.float32),
        "item_name": words("film 12")[0],
        "history_item": words("7", "9", ""),
        "history_name": words("film 7", "", ""),
        "item_weight": np.array([[0.4, 0.6, 0.0]], np.float32),
        "field_relation": words("genre", "director", "country"),
        "query_distribution": np.array([[0.2, 0.5, 0.3]], np.float32),
        "target_distribution": np.array([[0.75, 0.25, 0.0]], np.float32),
        "field_match": np.zeros([1, 3, 3], np.float32),
        "value_entity": words(["noir", "war", "heist", "drama"], ["Ada L.", "", "", ""], ["", "", "", ""]),
        "known_user": np.array([True]),
        "known_item": np.array([True]),
    }


def test_tells_the_history_by_weight_and_the_fields_side_by_side(outputs):
    assert explain_text(outputs, "196", "12") == [
        "film 12 (probability 0.83); what the model looked at:",
        "   60% item 9",
        "   40% film 7",
        "the fields that it looked at, on your side and on the item's:",
        "   20%  75% genre: noir, war, heist and 1 more",
        "   50%  25% director: Ada L.",
        "   30%   0% country: nothing known of it",
    ]


def test_a_model_without_distributions_tells_the_history_alone(outputs):
    for side in ("query", "target"):
        outputs[f"{side}_distribution"] *= 0
    assert explain_text(outputs, "196", "12")[-1] == "   40% film 7"


def test_a_long_history_is_summed_up(outputs):
    outputs["history_item"] = outputs["history_name"] = words(*(f"film {i}" for i in range(8)))
    outputs["item_weight"] = np.array([[0.25, 0.2, 0.15, 0.1, 0.1, 0.08, 0.07, 0.05]], np.float32)
    lines = explain_text(outputs, "196", "12")
    assert lines[6] == "   20% 3 more"
    assert len(lines) == 11


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"known_user": np.array([False])},
            "film 12 (probability 0.83): user 196 is unknown to the model, so nothing they liked can be named",
        ),
        (
            {"known_item": np.array([False]), "item_name": np.array([""], object)},
            "item 12 (probability 0.83): the model does not know this item, so it cannot say why",
        ),
        (
            {"item_weight": np.zeros([1, 3])},
            "film 12 (probability 0.83): the model has no item that user 196 liked",
        ),
    ],
)
def test_what_the_model_does_not_know_is_said(outputs, change, expected):
    assert explain_text({**outputs, **change}, "196", "12") == [expected]
