"""LightGCN: what each liked item brings to the candidate."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.models.explain_text import LEAST, MOST_PARTS, for_and_against, opening

Row = Mapping[str, np.ndarray]


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The parts of the score, the liked items first, heaviest first.

    Uses liked_item, liked_name [K] str; liked_part [K]; other_liked_part, user_part, item_part, itself_part.
    """
    title, only = opening(row, user, item, "so it says what users like in the mean")
    if only is not None:
        return [only]
    part = row["liked_part"]
    named = [k for k in np.argsort(-np.abs(part), kind="stable") if row["liked_item"][k]]
    shown, hidden = named[:MOST_PARTS], named[MOST_PARTS:]
    parts = [(float(part[k]), str(row["liked_name"][k] or row["liked_item"][k])) for k in shown]
    likely = bool(row["probability"] >= 0.5)
    lines = for_and_against(parts, f"{title} because you liked:", f"{title} in spite of what you liked:", likely)
    lines = [*(lines or [title]), "the rest of the sum:"]
    rest = {
        "other liked items": sum(part[k] for k in hidden) + row["other_liked_part"],
        "this item itself, which the user liked": row["itself_part"],
        "the user's own taste": row["user_part"],
        "how much the item is liked by all": row["item_part"],
    }
    return lines + [f"  {value:+.2f} {what}" for what, value in rest.items() if abs(value) >= LEAST]
