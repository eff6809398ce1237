"""RKAN: the items and the paths that the score owes most to, in sentences."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.models.explain_text import for_and_against, history_lines, looked_at, opening

Row = Mapping[str, np.ndarray]

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
    """Such as "+0.62 you rated Star Wars; George Lucas directed it and wrote Willow".

    Uses what `history_lines` uses;
    first_item, first_name, first_relation, middle_entity, last_relation [S] str (middle_entity empty: the path
    leads through another user), path_weight [S] (0: no path), fact_contribution [S] of the paths.
    """
    title, only = opening(row, user, item, "so nothing they rated can be named")
    if only is not None:
        return [only]
    paths = _paths(row, str(row["item_name"] or f"item {item}"))
    lines = history_lines(row, title, verb="rated") if "contribution" in row and any(row["history_item"]) else []
    if not paths:
        return lines or [f"{title}: no short path leads there from what user {user} rated lately"]
    if "fact_contribution" not in row:  # paths have no say in the score, or nobody asked what they have
        weight = np.array([weight for weight, _ in paths.values()])
        begin = "what the model looked at: the paths that lead there:"
        told = looked_at(begin if lines else f"{title}; {begin}", weight, dict(enumerate(paths)))
        return lines + told
    parts = [(owed, f"{sentence} (looked at: {weight:.0%})") for sentence, (weight, owed) in paths.items()]
    return lines + for_and_against(parts, "and by the paths that lead there:", "in spite of the paths that lead there:")


def _paths(row: Row, item: str) -> dict[str, tuple[float, float]]:
    """Sentence -> (weight, contribution); paths that read the same (through other users) count together."""
    total: dict[str, tuple[float, float]] = {}
    columns = ("first_item", "first_name", "first_relation", "middle_entity", "last_relation", "path_weight")
    owed = row.get("fact_contribution", np.zeros(len(row["path_weight"])))
    for raw, name, first, entity, last, weight, adds in zip(*(row[c] for c in columns), owed, strict=True):
        if raw and weight > 0:
            sentence = f"you rated {name or f'item {raw}'}; {_link(str(first), str(entity), str(last), item)}"
            before = total.get(sentence, (0.0, 0.0))
            total[sentence] = before[0] + float(weight), before[1] + float(adds)
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
