"""Explanations as sentences."""

import numpy as np
import pytest

from tfkgrec.models.explain_text import explain_text


@pytest.fixture
def outputs():
    """One pair: three liked films, the second weighed most; K = 3 sampled neighbours."""

    def words(*values):
        return np.array([values], dtype=object)

    return {
        "probability": np.array([0.83], np.float32),
        "item_name": words("film 12")[0],
        "history_item": words("7", "9", "11", ""),
        "history_name": words("film 7", "film 9", "", ""),
        "attention": np.array([[0.25, 0.41, 0.34, 0.0]], np.float32),
        "neighbour_relation": words(["genre", "director", "genre"], ["genre", "", ""], ["", "", ""], ["", "", ""]),
        "neighbour_entity": words(["noir", "Ada L.", "noir"], ["noir", "", ""], ["", "", ""], ["", "", ""]),
        "neighbour_weight": np.array([[[0.3, 0.4, 0.3], [1, 0, 0], [0, 0, 0], [0, 0, 0]]], np.float32),
        "known_user": np.array([True]),
        "known_item": np.array([True]),
    }


def test_dink_tells_the_liked_items_by_attention_with_their_facts(outputs):
    assert explain_text(outputs, "196", "12") == [
        "film 12 (probability 0.83) because you liked:",
        "   41% film 9 - genre noir (1)",
        "   34% item 11",
        "   25% film 7 - genre noir (0.6), director Ada L. (0.4)",
    ]


def test_a_long_history_is_summed_up(outputs):
    outputs["history_item"] = np.array([[str(i) for i in range(8)]], dtype=object)
    outputs["history_name"] = np.array([[f"film {i}" for i in range(8)]], dtype=object)
    outputs["attention"] = np.array([[0.3, 0.2, 0.2, 0.1, 0.08, 0.06, 0.04, 0.02]], np.float32)
    outputs["neighbour_relation"] = outputs["neighbour_entity"] = np.full([1, 8, 2], "", dtype=object)
    outputs["neighbour_weight"] = np.zeros([1, 8, 2], np.float32)
    lines = explain_text(outputs, "196", "12")
    assert len(lines) == 7 and lines[-1] == "   12% 3 more"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"probability": np.array([0.1])}, "film 12 (probability 0.10), judged by what you liked:"),
        (
            {"known_user": np.array([False])},
            "film 12 (probability 0.83): user 196 is unknown to the model, so nothing they liked can be named",
        ),
        (
            {"known_item": np.array([False]), "item_name": np.array([""], object)},
            "item 12 (probability 0.83): the model does not know this item, so it cannot say why",
        ),
        (
            {"history_item": np.full([1, 4], "", object)},
            "film 12 (probability 0.83): the model has no item that user 196 liked",
        ),
    ],
)
def test_what_the_model_does_not_know_is_said(outputs, change, expected):
    assert explain_text({**outputs, **change}, "196", "12")[0] == expected


def test_a_model_without_a_narrator_is_told_plainly():
    outputs = {"probability": np.array([0.5]), "path": np.array([["u", "i"]], dtype=object)}
    assert explain_text(outputs, "196", "12") == ["user 196, item 12:", "  path: ['u', 'i']", "  probability: 0.5"]
