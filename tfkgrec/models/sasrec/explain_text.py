"""SASRec: where it looked in the history, heaviest first, and that this is no part of the score."""

from collections.abc import Mapping

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_ITEMS = 5


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """SASRec: the items of the history that its last block attended to from the newest one.

    Uses history_item, history_name [T] str, history_attention [T].
    """
    score = f"(score {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {score}: the model does not know this item, so it cannot say why"]
    title = f"{row['item_name'] or f'item {item}'} {score}"
    steps = [step for step, one in enumerate(row["history_item"]) if one]
    if not row.get("known_user", True) or not steps:
        return [f"{title}: the model has seen nothing of user {user}, so it cannot say why"]
    heaviest = sorted(steps, key=lambda step: -row["history_attention"][step])[:MOST_ITEMS]
    lines = [
        f"{title}; where the attention went in the last {len(steps)} items of user {user} (no parts of the score):"
    ]
    for step in heaviest:
        name = row["history_name"][step] or row["history_item"][step]
        lines.append(f"  {row['history_attention'][step]:4.0%} {name}")
    return lines
