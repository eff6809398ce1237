"""RKAN: the paths that lead from what the user rated to the item, heaviest first, in sentences."""

from collections.abc import Mapping

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_PATHS = 5

VERBS = {
    "directed by": "directed",
    "director": "directed",
    "starring": "played in",
    "star": "played in",
    "actor": "played in",
    "writer": "wrote",
    "written by": "wrote",
    "producer": "produced",
    "produced by": "produced",
    "edited by": "edited",
}
"""What persons do, by the relation's name for people; other relations are told as what two items share."""


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """Such as "62% you rated Star Wars; George Lucas directed it and wrote Willow".

    Uses first_item, first_name, first_relation, middle_entity, last_relation [S] str (middle_entity empty: the path
    leads through another user), path_weight [S] (0: no path).
    """
    probability = f"(probability {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {probability}: the model does not know this item, so it cannot say why"]
    name = str(row["item_name"] or f"item {item}")
    weights = _weights(row, name)
    if not weights and not row.get("known_user", True):
        return [f"{name} {probability}: user {user} is unknown to the model, so nothing they rated can be named"]
    if not weights:
        return [f"{name} {probability}: no short path leads there from what user {user} rated lately"]
    heaviest = sorted(weights.items(), key=lambda told: -told[1])
    lines = [f"{name} {probability}, by the paths that lead there:"]
    lines += [f"  {weight:4.0%} {sentence}" for sentence, weight in heaviest[:MOST_PATHS]]
    rest = heaviest[MOST_PATHS:]
    if rest:
        lines.append(f"  {sum(weight for _, weight in rest):4.0%} {len(rest)} more")
    return lines


def _weights(row: Row, item: str) -> dict[str, float]:
    """Sentence -> weight; paths that read the same (through other users) count together."""
    total: dict[str, float] = {}
    columns = ("first_item", "first_name", "first_relation", "middle_entity", "last_relation", "path_weight")
    for raw, name, first, entity, last, weight in zip(*(row[column] for column in columns), strict=True):
        if raw and weight > 0:
            sentence = f"you rated {name or f'item {raw}'}; {_link(str(first), str(entity), str(last), item)}"
            total[sentence] = total.get(sentence, 0.0) + float(weight)
    return total


def _link(first: str, entity: str, last: str, item: str) -> str:
    """What joins the first item ("it") and the item."""
    if not entity:
        return f"others who rated it rated {item}, too"
    if first in VERBS and last in VERBS:
        same = first == last
        return f"{entity} {VERBS[first]} it and {'' if same else f'{VERBS[last]} '}{item}"
    if first == last:
        return f"it shares the {first} {entity} with {item}"
    return f"{entity} is its {first}, and the {last} of {item}"
