"""KSR: what the score owes to the items taken and to the memory, and where it looked, click by click."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.models.explain_text import for_and_against, history_lines, looked_at, opening

Row = Mapping[str, np.ndarray]

MOST_ATTRIBUTES = 3
MOST_VALUES = 3
LAST_STEPS = 5
ALIKE = 0.9  # cosine above which slots hold the same


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """Items and attributes by contribution, these with the value entities nearest to their slots; then the last clicks.

    Uses what `history_lines` uses; fact_contribution [A];
    attribute_relation [A] str, attribute_weight [A]; step_weight [T, A];
    value_entity, value_distance [A, N] ("" pads); slot_similarity. Without a memory, the first only.
    """
    title, only = opening(row, user, item, "so it cannot say why", "score")
    if only is not None:
        return [only]
    steps = [step for step, one in enumerate(row["history_item"]) if one]
    if not steps:
        return [f"{title}: the model has seen nothing of user {user}, so it cannot say why"]
    if "step_weight" not in row:  # a model without a memory
        last = [str(row["history_name"][step] or row["history_item"][step]) for step in steps[-LAST_STEPS:]]
        if "contribution" in row:
            return history_lines(row, title, verb="took")
        return [f"{title}, after the last {len(last)} of {len(steps)} items: {', '.join(last)}"]
    lines = [*_attributes(row, title)]
    lines.append(f"what it looked at after the last {len(steps[-LAST_STEPS:])} of {len(steps)} items:")
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


def _attributes(row: Row, title: str) -> list[str]:
    """The items, and the slots of the memory, each by what it holds."""
    weight, slots = row["attribute_weight"], {}
    for slot, relation in enumerate(row["attribute_relation"]):
        pairs = zip(row["value_entity"][slot], row["value_distance"][slot], strict=True)
        values = [f"{name} ({distance:.1f})" for name, distance in pairs if name][:MOST_VALUES]
        slots[slot] = f"{relation}: {', '.join(values)}"
    if "contribution" not in row:
        return looked_at(f"{title}; what the model looked at in memory, by the values it is nearest to:", weight, slots)
    parts = [(float(row["fact_contribution"][k]), f"{text}; looked at: {weight[k]:.0%}") for k, text in slots.items()]
    memory = "what the memory holds, by the values it is nearest to:"
    return history_lines(row, title, verb="took") + for_and_against(parts, f"and for {memory}", f"in spite of {memory}")


def _heaviest(weights: np.ndarray) -> list[int]:
    return [int(slot) for slot in np.argsort(-weights, kind="stable")[:MOST_ATTRIBUTES]]
