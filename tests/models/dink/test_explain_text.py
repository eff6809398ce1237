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


def owed(outputs):
    """With contributions: film 7 speaks for it, item 11 against it, film 9 next to nothing; the noir is there twice."""
    return outputs | {
        "contribution": np.array([[0.9, 0.004, -0.31, 0.0]], np.float32),
        "contribution_probability": np.array([[0.14, 0.0, -0.04, 0.0]], np.float32),
        "history_contribution_probability": np.array([0.2], np.float32),
        "fact_relation": np.array([["genre", "director", "genre", ""]], object),
        "fact_entity": np.array([["noir", "Ada L.", "noir", ""]], object),
        "fact_contribution": np.array([[0.1, -0.2, 0.15, 0.0]], np.float32),
    }


def test_dink_tells_what_the_score_owes_to_whom_and_where_it_looked(outputs):
    assert explain_text(owed(outputs), "196", "12") == [
        "film 12 (probability 0.83) because you liked:",
        "  +0.90 film 7 (looked at: 25%; genre noir 60%, director Ada L. 40%)",
        "in spite of:",
        "  -0.31 item 11 (looked at: 34%)",
        "it would be 0.69 without film 7, 0.63 without all that you liked",
        "and for what is known of it:",
        "  +0.25 genre noir",
        "in spite of:",
        "  -0.20 director Ada L.",
    ]


def test_of_an_answer_that_is_no_the_reasons_are_what_speaks_against_it(outputs):
    told = explain_text({**owed(outputs), "probability": np.array([0.1])}, "196", "12")
    assert told[1].startswith("  -0.31 item 11") and told[3].startswith("  +0.90 film 7")
    assert told[4] == "it would be 0.14 without item 11, -0.10 without all that you liked"


def test_what_changes_nothing_is_said_to(outputs):
    nothing = {**owed(outputs), "contribution": np.zeros((1, 4)), "fact_contribution": np.zeros((1, 4))}
    said = ["film 12 (probability 0.83): nothing that you liked changes it"]
    assert explain_text(nothing, "196", "12") == said
    against = {**nothing, "contribution": np.array([[0, 0, -0.1, 0]])}
    assert explain_text(against, "196", "12") == [
        "film 12 (probability 0.83) in spite of what you liked:",
        "  -0.10 item 11 (looked at: 34%)",
        "it would be 0.63 without all that you liked",
    ]


def test_without_contributions_attention_is_called_what_it_is(outputs):
    assert explain_text(outputs, "196", "12") == [
        "film 12 (probability 0.83); what the model looked at:",
        "   41% film 9; genre noir 100%",
        "   34% item 11",
        "   25% film 7; genre noir 60%, director Ada L. 40%",
    ]


def test_a_long_history_is_summed_up(outputs):
    outputs["history_item"] = np.array([[str(i) for i in range(8)]], dtype=object)
    outputs["history_name"] = np.array([[f"film {i}" for i in range(8)]], dtype=object)
    outputs["attention"] = np.array([[0.3, 0.2, 0.2, 0.1, 0.08, 0.06, 0.04, 0.02]], np.float32)
    outputs["neighbour_relation"] = outputs["neighbour_entity"] = np.full([1, 8, 2], "", dtype=object)
    outputs["neighbour_weight"] = np.zeros([1, 8, 2], np.float32)
    lines = explain_text(outputs, "196", "12")
    assert len(lines) == 7 and lines[-1] == "   12% 3 more"
    parts = np.array([[0.4, 0.3, 0.2, 0.1, 0.09, 0.08, 0.07, -0.1]])
    lines = explain_text({**owed(outputs), "contribution": parts, "contribution_probability": parts}, "196", "12")
    assert lines[6:8] == ["  +0.15 2 more", "in spite of:"]


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
