"""KGCN's explanations as sentences."""

import numpy as np
import pytest

from tfkgrec.models.explain_text import explain_text


def words(*values):
    return np.array([values], dtype=object)


@pytest.fixture
def outputs():
    """One pair; three facts of K = 4 places."""
    return {
        "probability": np.array([0.83], np.float32),
        "item_name": words("film 12")[0],
        "neighbour_relation": words("genre", "director", "genre", ""),
        "neighbour_entity": words("noir", "Ada L.", "war", ""),
        "neighbour_weight": np.array([[0.2, 0.6, 0.2, 0.0]], np.float32),
        "known_user": np.array([True]),
        "known_item": np.array([True]),
    }


def test_the_facts_of_the_item_heaviest_first(outputs):
    assert explain_text(outputs, "196", "12") == [
        "film 12 (probability 0.83); what the model looked at for user 196, of what the graph knows:",
        "   60% director Ada L.",
        "   20% genre noir",
        "   20% genre war",
    ]


def test_facts_by_what_the_score_owes_to_them(outputs):
    owed = {**outputs, "fact_contribution": np.array([[0.3, -0.2, 0.001, 0]])}
    assert explain_text(owed, "196", "12") == [
        "film 12 (probability 0.83) for user 196, because of what the graph knows of it:",
        "  +0.30 genre noir (looked at: 20%)",
        "in spite of:",
        "  -0.20 director Ada L. (looked at: 60%)",
    ]


def test_many_facts_are_summed_up(outputs):
    outputs["neighbour_relation"] = words(*["tag"] * 8)
    outputs["neighbour_entity"] = words(*(f"tag {n}" for n in range(8)))
    outputs["neighbour_weight"] = np.array([[0.25, 0.2, 0.15, 0.1, 0.1, 0.08, 0.07, 0.05]], np.float32)
    lines = explain_text(outputs, "196", "12")
    assert len(lines) == 7 and lines[-1] == "   20% 3 more"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"known_user": np.array([False])},
            "film 12 (probability 0.83): user 196 is unknown to the model, so it cannot say what counts for them",
        ),
        (
            {"known_item": np.array([False]), "item_name": np.array([""], object)},
            "item 12 (probability 0.83): the model does not know this item, so it cannot say why",
        ),
        (
            {"neighbour_weight": np.zeros([1, 4])},
            "film 12 (probability 0.83): the graph has no fact about it",
        ),
    ],
)
def test_what_the_model_does_not_know_is_said(outputs, change, expected):
    assert explain_text({**outputs, **change}, "196", "12") == [expected]
