"""DINK: the history items that the interest attention weighed, each with the facts its aggregator weighed."""

from collections.abc import Mapping, Sequence

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_ITEMS = 5
MOST_FACTS = 3


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """DINK: the history items that the interest attention weighed, each with the facts its aggregator weighed.

    Uses history_item, history_name [T] str; attention [T] (0 pads); neighbour_relation, neighbour_entity [T, K] str;
    neighbour_weight [T, K] (0: none).
    """
    probability = f"(probability {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {probability}: the model does not know this item, so it cannot say why"]
    title = f"{row['item_name'] or f'item {item}'} {probability}"
    liked = [step for step in np.argsort(-row["attention"], kind="stable") if row["history_item"][step]]
    if not row.get("known_user", True):
        return [f"{title}: user {user} is unknown to the model, so nothing they liked can be named"]
    if not liked:
        return [f"{title}: the model has no item that user {user} liked"]
    lines = [f"{title} because you liked:" if row["probability"] >= 0.5 else f"{title}, judged by what you liked:"]
    for step in liked[:MOST_ITEMS]:
        name = row["history_name"][step] or f"item {row['history_item'][step]}"
        facts = _facts(row["neighbour_relation"][step], row["neighbour_entity"][step], row["neighbour_weight"][step])
        lines.append(f"  {row['attention'][step]:4.0%} {name}" + (f" - {', '.join(facts)}" if facts else ""))
    rest = liked[MOST_ITEMS:]
    if rest:
        lines.append(f"  {sum(row['attention'][step] for step in rest):4.0%} {len(rest)} more")
    return lines


def _facts(relations: Sequence[str], entities: Sequence[str], weights: Sequence[float]) -> list[str]:
    """Such as "director Ada L. (0.4)", heaviest first; a neighbour sampled twice counts once, with both weights."""
    total: dict[tuple[str, str], float] = {}
    for relation, entity, weight in zip(relations, entities, weights, strict=True):
        if weight > 0 and entity:
            total[relation, entity] = total.get((relation, entity), 0.0) + float(weight)
    heaviest = sorted(total.items(), key=lambda fact: -fact[1])[:MOST_FACTS]
    return [f"{relation} {entity} ({weight:.2g})" for (relation, entity), weight in heaviest]
