"""LightGCN: what each liked item brings to the candidate."""

from collections.abc import Mapping

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_ITEMS = 5


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The parts of the score, the liked items first, heaviest first.

    Uses liked_item, liked_name [K] str; liked_part [K]; other_liked_part, user_part, item_part, itself_part.
    """
    probability = f"(probability {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {probability}: the model does not know this item, so it cannot say why"]
    title = f"{row['item_name'] or f'item {item}'} {probability}"
    if not row.get("known_user", True):
        return [f"{title}: user {user} is unknown to the model, so it says what users like in the mean"]
    part = row["liked_part"]
    named = [k for k in np.argsort(-np.abs(part), kind="stable") if row["liked_item"][k]]
    shown, hidden = named[:MOST_ITEMS], named[MOST_ITEMS:]
    lines = [f"{title}; the score is a sum, and what user {user} liked brings to it:"]
    lines += [f"  {part[k]:+.2f} because of {row['liked_name'][k] or row['liked_item'][k]}" for k in shown]
    rest = {
        "other liked items": sum(part[k] for k in hidden) + row["other_liked_part"],
        "this item itself, which the user liked": row["itself_part"],
        "the user's own taste": row["user_part"],
        "how much the item is liked by all": row["item_part"],
    }
    return lines + [f"  {value:+.2f} {what}" for what, value in rest.items() if abs(value) >= 0.005]
