"""KSR's explanations as sentences."""

import numpy as np
import pytest

from tfkgrec.models.explain_text import explain_text


@pytest.fixture
def outputs():
    """One pair: two attributes, three clicks; the user has come to care about directors."""

    def words(*values):
        return np.array([values], dtype=object)

    return {
        "probability": np.array([0.83], np.float32),
        "item_name": words("film 12")[0],
        "history_item": words("7", "9", "11", ""),
        "history_name": words("film 7", "film 9", "", ""),
        "attribute_relation": words("genre", "director"),
        "attribute_weight": np.array([[0.25, 0.75]], np.float32),
        "step_weight": np.array([[[0.9, 0.1], [0.6, 0.4], [0.25, 0.75], [0, 0]]], np.float32),
        "value_entity": words(["noir", "western"], ["Ada L.", ""]),
        "value_distance": np.array([[[1.25, 2.5], [0.5, 0]]], np.float32),
        "slot_similarity": np.array([0.2], np.float32),
        "known_user": np.array([True]),
        "known_item": np.array([True]),
    }


def test_attributes_with_their_values_then_the_clicks(outputs):
    assert explain_text(outputs, "196", "12") == [
        "film 12 (score 0.83); what the model looked at in memory, by the values it is nearest to:",
        "   75% director: Ada L. (0.5)",
        "   25% genre: noir (1.2), western (2.5)",
        "what it looked at after the last 3 of 3 items:",
        "  film 7: genre 90%, director 10%",
        "  film 9: genre 60%, director 40%",
        "  11: director 75%, genre 25%",
    ]


def test_what_the_score_owes_to_items_and_memory(outputs):
    owed = {
        "contribution": np.array([[0.5, -0.2, 0, 0]]),
        "contribution_probability": np.array([[0.1, -0.05, 0, 0]]),
        "history_contribution_probability": np.array([0.2]),
        "fact_contribution": np.array([[-0.3, 0.1]]),
    }
    assert explain_text({**outputs, **owed}, "196", "12")[:9] == [
        "film 12 (score 0.83) because you took:",
        "  +0.50 film 7",
        "in spite of:",
        "  -0.20 film 9",
        "it would be 0.73 without film 7, 0.63 without all that you took",
        "and for what the memory holds, by the values it is nearest to:",
        "  +0.10 director: Ada L. (0.5); looked at: 75%",
        "in spite of:",
        "  -0.30 genre: noir (1.2), western (2.5); looked at: 25%",
    ]


def test_slots_that_are_copies_are_said_to_be(outputs):
    outputs["slot_similarity"] = np.array([0.96], np.float32)
    assert explain_text(outputs, "196", "12")[-1].startswith("the slots hold nearly the same (cosine 0.96)")


def test_strangers_and_unknown_items(outputs):
    unknown = {**outputs, "known_item": np.array([False])}
    assert explain_text(unknown, "1", "2") == [
        "item 2 (score 0.83): the model does not know this item, so it cannot say why"
    ]
    stranger = {**outputs, "known_user": np.array([False])}
    expected = "film 12 (score 0.83): user 1 is unknown to the model, so it cannot say why"
    assert explain_text(stranger, "1", "12") == [expected]
    expected = "film 12 (score 0.83): the model has seen nothing of user 1, so it cannot say why"
    empty = {**outputs, "history_item": np.array([[""] * 4], dtype=object)}
    assert explain_text(empty, "1", "12") == [expected]


def test_without_a_memory_the_clicks_are_all_there_is(outputs):
    kept = ("probability", "item_name", "history_item", "history_name", "known_user", "known_item")
    plain = {name: outputs[name] for name in kept} | {"explained_by": np.array(["ksr"], object)}
    assert explain_text(plain, "196", "12") == ["film 12 (score 0.83), after the last 3 of 3 items: film 7, film 9, 11"]
