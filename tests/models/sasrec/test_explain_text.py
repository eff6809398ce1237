"""SASRec's words: what the score owes to the items, and where the attention went."""

import numpy as np

from tfkgrec.models.sasrec.explain_text import explain_text


def row(**changed: object) -> dict[str, object]:
    items = ["", "a", "b", "c", "d", "e", "f", "g"]
    return {
        "probability": np.float32(0.734),
        "item_name": "The Film",
        "known_user": True,
        "known_item": True,
        "history_item": np.array(items, object),
        "history_name": np.array(["", "Alpha", "", *items[3:]], object),
        "history_attention": np.array([0, 0.05, 0.4, 0.05, 0.1, 0.2, 0.06, 0.14]),
        **changed,
    }


def test_the_items_with_how_much_it_looked_at_them():
    owed = np.array([0, 0.2, -0.3, 0, 0, 0, 0, 0])
    more = {"contribution": owed, "contribution_probability": owed / 4, "history_contribution_probability": 0.1}
    assert explain_text(row(**more), "u1", "i9") == [
        "The Film (score 0.73) because you took:",
        "  +0.20 Alpha (looked at: 5%)",
        "in spite of:",
        "  -0.30 item b (looked at: 40%)",
        "it would be 0.68 without Alpha, 0.63 without all that you took",
    ]


def test_without_contributions_it_says_where_it_looked():
    title, *lines = explain_text(row(), "u1", "i9")
    assert title == "The Film (score 0.73); what the model looked at:"
    assert lines == ["   40% item b", "   20% e", "   14% g", "   10% d", "    6% f", "   10% 2 more"]


def test_what_it_does_not_know():
    (line,) = explain_text(row(known_item=False), "u1", "i9")
    assert line == "item i9 (score 0.73): the model does not know this item, so it cannot say why"
    (line,) = explain_text(row(known_user=False), "u1", "i9")
    assert line == "The Film (score 0.73): user u1 is unknown to the model, so it cannot say why"
    (line,) = explain_text(row(history_item=np.array([""] * 8, object)), "u1", "i9")
    assert line == "The Film (score 0.73): the model has seen nothing of user u1, so it cannot say why"
