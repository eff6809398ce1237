"""KGCN: the facts of the item, weighed for this user."""

from collections.abc import Mapping

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_FACTS = 5


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The neighbours of the item, heaviest first.

    Uses neighbour_relation, neighbour_entity [K] str; neighbour_weight [K] (0: none).
    """
    probability = f"(probability {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {probability}: the model does not know this item, so it cannot say why"]
    title = f"{row['item_name'] or f'item {item}'} {probability}"
    if not row.get("known_user", True):
        return [f"{title}: user {user} is unknown to the model, so it cannot say what counts for them"]
    weight = row["neighbour_weight"]
    facts = [k for k in np.argsort(-weight, kind="stable") if weight[k] > 0]
    if not facts:
        return [f"{title}: the graph has no fact about it"]
    lines = [f"{title}; of what the graph knows about it, what counts for user {user}:"]
    for k in facts[:MOST_FACTS]:
        lines.append(f"  {weight[k]:4.0%} {row['neighbour_relation'][k]} {row['neighbour_entity'][k]}")
    rest = facts[MOST_FACTS:]
    if rest:
        lines.append(f"  {sum(weight[k] for k in rest):4.0%} {len(rest)} more")
    return lines
