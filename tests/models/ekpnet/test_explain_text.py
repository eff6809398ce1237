"""EKPNet's explanations as sentences."""

import numpy as np
import pytest

from tfkgrec.models.explain_text import explain_text


def words(*hops):
    return np.array([hops], dtype=object)


@pytest.fixture
def outputs():
    """One pair; two hops of three triples, seeds film 9 and item 11 (which has no name)."""
    return {
        "probability": np.array([0.83], np.float32),
        "item_name": np.array(["film 12"], object),
        "ripple_seed_item": words(["9", "9", "11"], ["9", "11", ""]),
        "ripple_seed_name": words(["film 9", "film 9", ""], ["film 9", "", ""]),
        "ripple_head_entity": words(["film 9", "film 9", ""], ["noir", "noir", ""]),
        "ripple_relation": words(["genre", "director", "genre"], ["inverse genre", "inverse genre", ""]),
        "ripple_tail_entity": words(["noir", "Ada L.", "noir"], ["film 7", "film 3", ""]),
        "ripple_attention": np.array([[[0.2, 0.5, 0.3], [0.9, 0.1, 0]]], np.float32),
        "known_user": np.array([True]),
        "known_item": np.array([True]),
    }


def test_triples_by_attention_hop_by_hop(outputs):
    assert explain_text(outputs, "196", "12") == [
        "film 12 (probability 0.83)",
        "what the model looked at, from what you liked:",
        "  1 step from there:",
        "     50% film 9 - director - Ada L.",
        "     30% item 11 - genre - noir",
        "     20% film 9 - genre - noir",
        "  2 steps from there:",
        "     90% noir - inverse genre - film 7 (from film 9)",
        "     10% noir - inverse genre - film 3 (from item 11)",
    ]


def test_what_the_score_owes_to_whom_comes_first(outputs):
    owed = {
        "history_item": np.array([["9", "11"]], object),
        "history_name": np.array([["film 9", ""]], object),
        "contribution": np.array([[0.5, -0.2]]),
        "contribution_probability": np.array([[0.1, -0.05]]),
        "history_contribution_probability": np.array([0.08]),
    }
    assert explain_text({**outputs, **owed}, "196", "12")[:6] == [
        "film 12 (probability 0.83) because you liked:",
        "  +0.50 film 9",
        "in spite of:",
        "  -0.20 item 11",
        "it would be 0.73 without film 9, 0.75 without all that you liked",
        "what the model looked at, from what you liked:",
    ]


def test_many_triples_are_summed_up(outputs):
    for name, array in outputs.items():
        if name.startswith("ripple_"):
            outputs[name] = np.repeat(array[:, :1, :1], 6, axis=2)
    outputs["ripple_tail_entity"] = np.array([[[f"tag {n}" for n in range(6)]]], object)
    outputs["ripple_attention"] = np.array([[[0.3, 0.25, 0.2, 0.15, 0.06, 0.04]]], np.float32)
    lines = explain_text(outputs, "196", "12")
    assert len(lines) == 8
    assert lines[-1] == "     10% 2 more"


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
            {"ripple_attention": np.zeros([1, 2, 3])},
            "film 12 (probability 0.83): nothing that user 196 liked leads anywhere in the graph",
        ),
    ],
)
def test_what_the_model_does_not_know_is_said(outputs, change, expected):
    assert explain_text({**outputs, **change}, "196", "12")[0] == expected
