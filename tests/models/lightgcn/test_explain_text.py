"""LightGCN's explanation in words."""

import numpy as np

from tfkgrec.models.lightgcn.explain_text import explain_text

ROW = {
    "probability": 0.731,
    "item_name": "Boards",
    "known_user": True,
    "known_item": True,
    "liked_item": np.array(["17", "4", "", ""]),
    "liked_name": np.array(["Autechre", "", "", ""]),
    "liked_part": np.array([0.4, -0.21, 0.0, 0.0]),
    "other_liked_part": 0.12,
    "user_part": 0.003,
    "item_part": -1.0,
    "itself_part": 0.0,
}


def test_the_heaviest_items_come_first_and_what_is_nothing_is_not_said():
    assert explain_text(ROW, "u", "99") == [
        "Boards (probability 0.73) because you liked:",
        "  +0.40 Autechre",
        "in spite of:",
        "  -0.21 4",
        "the rest of the sum:",
        "  +0.12 other liked items",
        "  -1.00 how much the item is liked by all",
    ]


def test_items_that_are_not_shown_are_summed_up():
    many = {**ROW, "liked_item": np.array(list("abcdefg")), "liked_name": np.array(list("ABCDEFG"))}
    lines = explain_text({**many, "liked_part": np.array([0.7, 0.6, 0.5, 0.4, 0.3, 0.2, -0.1])}, "u", "99")
    assert lines[5] == "  +0.30 E"
    assert lines[7] == "  +0.22 other liked items"  # .2 - .1 + .12


def test_a_liked_item_is_told_from_the_others():
    assert "  +0.50 this item itself, which the user liked" in explain_text({**ROW, "itself_part": 0.5}, "u", "99")


def test_strangers_are_named():
    assert "u is unknown" in explain_text({**ROW, "known_user": False}, "u", "99")[0]
    assert "does not know this item" in explain_text({**ROW, "known_item": False}, "u", "99")[0]
