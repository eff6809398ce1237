"""SASRec's words: where the attention went, and that this is no part of the score."""

import numpy as np

from tfkgrec.models.sasrec.explain_text import MOST_ITEMS, explain_text


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


def test_the_heaviest_items_with_their_shares():
    title, *lines = explain_text(row(), "u1", "i9")
    assert (
        title
        == "The Film (score 0.73); where the attention went in the last 7 items of user u1 (no parts of the score):"
    )
    assert lines == ["   40% b", "   20% e", "   14% g", "   10% d", "    6% f"]
    assert len(lines) == MOST_ITEMS


def test_what_it_does_not_know():
    (line,) = explain_text(row(known_item=False), "u1", "i9")
    assert line == "item i9 (score 0.73): the model does not know this item, so it cannot say why"
    nothing = np.array([""] * 8, object)
    for changed in ({"known_user": False}, {"history_item": nothing}):
        (line,) = explain_text(row(**changed), "u1", "i9")
        assert line == "The Film (score 0.73): the model has seen nothing of user u1, so it cannot say why"
