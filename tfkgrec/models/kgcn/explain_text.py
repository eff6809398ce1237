"""KGCN: the facts of the item, by what the score owes to each."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.models.explain_text import for_and_against, looked_at, opening

Row = Mapping[str, np.ndarray]


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The neighbours of the item by contribution, each with how much the model looked at it for this user.

    Uses neighbour_relation, neighbour_entity [K] str; neighbour_weight [K] (0: none); fact_contribution [K].
    """
    title, only = opening(row, user, item, "so it cannot say what counts for them")
    if only is not None:
        return [only]
    weight = row["neighbour_weight"]
    facts = {
        k: f"{row['neighbour_relation'][k]} {row['neighbour_entity'][k]}" for k, one in enumerate(weight) if one > 0
    }
    if not facts:
        return [f"{title}: the graph has no fact about it"]
    if "fact_contribution" not in row:
        return looked_at(f"{title}; what the model looked at for user {user}, of what the graph knows:", weight, facts)
    parts = [(float(row["fact_contribution"][k]), f"{text} (looked at: {weight[k]:.0%})") for k, text in facts.items()]
    what = "what the graph knows of it:"
    because, in_spite = (f"{title} for user {user}, {how} {what}" for how in ("because of", "in spite of"))
    told = for_and_against(parts, because, in_spite, bool(row["probability"] >= 0.5))
    return told or [f"{title}: nothing that the graph knows of it changes it for user {user}"]
