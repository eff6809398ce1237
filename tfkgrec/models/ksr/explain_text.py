"""KSR: what the user cares about now, what the memory holds of it, and how that came about, click by click."""

from collections.abc import Mapping

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_ATTRIBUTES = 3
MOST_VALUES = 3
LAST_STEPS = 5
ALIKE = 0.9  # cosine above which slots hold the same


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """KSR: attributes by weight, each with the value entities nearest to its slot; then the latest clicks.

    Uses history_item, history_name [T] str; attribute_relation [A] str, attribute_weight [A]; step_weight [T, A];
    value_entity, value_distance [A, N] ("" pads); slot_similarity. Without a memory, the first two only.
    """
    score = f"(score {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {score}: the model does not know this item, so it cannot say why"]
    title = f"{row['item_name'] or f'item {item}'} {score}"
    steps = [step for step, one in enumerate(row["history_item"]) if one]
    if not row.get("known_user", True) or not steps:
        return [f"{title}: the model has seen nothing of user {user}, so it cannot say why"]
    if "step_weight" not in row:  # a model without a memory
        last = [str(row["history_name"][step] or row["history_item"][step]) for step in steps[-LAST_STEPS:]]
        return [f"{title}, after the last {len(last)} of {len(steps)} items: {', '.join(last)}"]
    lines = [f"{title}; what counts for user {user} now, and what the memory is nearest to:"]
    for slot in _heaviest(row["attribute_weight"]):
        pairs = zip(row["value_entity"][slot], row["value_distance"][slot], strict=True)
        values = [f"{name} ({distance:.1f})" for name, distance in pairs if name][:MOST_VALUES]
        lines.append(f"  {row['attribute_weight'][slot]:4.0%} {row['attribute_relation'][slot]}: {', '.join(values)}")
    lines.append(f"after the last {len(steps[-LAST_STEPS:])} of {len(steps)} items:")
    for step in steps[-LAST_STEPS:]:
        weights = row["step_weight"][step]
        counted = [f"{row['attribute_relation'][slot]} {weights[slot]:.0%}" for slot in _heaviest(weights)]
        lines.append(f"  {row['history_name'][step] or row['history_item'][step]}: {', '.join(counted)}")
    if len(row["attribute_weight"]) > 1 and row["slot_similarity"] > ALIKE:
        alike = f"cosine {row['slot_similarity']:.2f}"
        lines.append(
            f"the slots hold nearly the same ({alike}): the weights tell little about what differs between them"
        )
    return lines


def _heaviest(weights: np.ndarray) -> list[int]:
    return [int(slot) for slot in np.argsort(-weights, kind="stable")[:MOST_ATTRIBUTES]]
