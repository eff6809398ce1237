"""RKAN's explanations as sentences."""

import numpy as np
import pytest

from tfkgrec.models.explain_text import explain_text


@pytest.fixture
def outputs():
    """One pair, S = 6: a director who wrote, an actor, a genre, two other users, no path."""

    def words(*values):
        return np.array([values], dtype=object)

    return {
        "probability": np.array([0.83], np.float32),
        "item_name": words("Willow")[0],
        "first_item": words("260", "260", "7", "7", "7", ""),
        "first_name": words("Star Wars", "Star Wars", "Heat", "Heat", "Heat", ""),
        "first_relation": words("directed by", "starring", "genre", "", "", ""),
        "middle_entity": words("George Lucas", "Harrison Ford", "Action", "", "", ""),
        "last_relation": words("writer", "starring", "genre", "", "", ""),
        "path_weight": np.array([[0.4, 0.1, 0.2, 0.1, 0.2, 0]], np.float32),
        "known_user": np.array([True]),
        "known_item": np.array([True]),
    }


def test_paths_are_sentences_and_equal_ones_count_together(outputs):
    assert explain_text(outputs, "196", "1") == [
        "Willow (probability 0.83); what the model looked at: the paths that lead there:",
        "   40% you rated Star Wars; George Lucas directed it and wrote Willow",
        "   30% you rated Heat; others who rated it rated Willow, too",
        "   20% you rated Heat; it shares the genre Action with Willow",
        "   10% you rated Star Wars; Harrison Ford played in it and Willow",
    ]


def test_paths_by_what_the_score_owes_to_them(outputs):
    owed = {**outputs, "fact_contribution": np.array([[0.2, -0.1, 0.0, 0.3, 0.1, 0]])}
    owed |= {"history_item": np.array([["", ""]], object), "contribution": np.zeros((1, 2))}
    assert explain_text(owed, "196", "1") == [
        "and by the paths that lead there:",
        "  +0.40 you rated Heat; others who rated it rated Willow, too (looked at: 30%)",
        "  +0.20 you rated Star Wars; George Lucas directed it and wrote Willow (looked at: 40%)",
        "in spite of:",
        "  -0.10 you rated Star Wars; Harrison Ford played in it and Willow (looked at: 10%)",
    ]


def test_relations_without_a_verb(outputs):
    outputs["last_relation"][0, 2] = "theme"
    assert "   20% you rated Heat; Action is its genre, and the theme of Willow" in explain_text(outputs, "196", "1")


def test_many_paths_are_summed_up(outputs):
    outputs["first_name"] = np.array([["a", "b", "c", "d", "e", "f"]], object)
    outputs["first_item"] = outputs["first_name"]
    outputs["path_weight"] = np.full((1, 6), 1 / 6)
    assert explain_text(outputs, "196", "1")[-1] == "   17% 1 more"


def test_strangers_unknown_items_and_no_path(outputs):
    unknown = {**outputs, "known_item": np.array([False])}
    assert explain_text(unknown, "1", "2") == [
        "item 2 (probability 0.83): the model does not know this item, so it cannot say why"
    ]
    nothing = {**outputs, "path_weight": np.zeros((1, 6))}
    assert explain_text(nothing, "1", "2") == [
        "Willow (probability 0.83): no short path leads there from what user 1 rated lately"
    ]
    stranger = {**nothing, "known_user": np.array([False])}
    assert explain_text(stranger, "1", "2") == [
        "Willow (probability 0.83): user 1 is unknown to the model, so nothing they rated can be named"
    ]
