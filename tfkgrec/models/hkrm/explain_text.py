"""HKRM: the two distributions side by side, with the values of the target and the history it was judged by."""

from collections.abc import Mapping

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_FIELDS = 5
MOST_VALUES = 3
MOST_ITEMS = 5


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """What weighs how much for the user and in the item, field by field.

    Uses field_relation [A] str; query_distribution, target_distribution [A] (zeros: the model compares none);
    value_entity [A, V] str ("" pads); history_item, history_name [T] str; item_weight [T] (0 pads).
    """
    probability = f"(probability {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {probability}: the model does not know this item, so it cannot say why"]
    title = f"{row['item_name'] or f'item {item}'} {probability}"
    liked = [step for step in np.argsort(-row["item_weight"], kind="stable") if row["item_weight"][step] > 0]
    if not row.get("known_user", True):
        return [f"{title}: user {user} is unknown to the model, so nothing they liked can be named"]
    if not liked:
        return [f"{title}: the model has no item that user {user} liked"]
    lines = [f"{title}, judged by {len(liked)} item{'s' if len(liked) > 1 else ''} that you liked:"]
    for step in liked[:MOST_ITEMS]:
        name = row["history_name"][step] or f"item {row['history_item'][step]}"
        lines.append(f"  {row['item_weight'][step]:4.0%} {name}")
    if len(liked) > MOST_ITEMS:
        rest = liked[MOST_ITEMS:]
        lines.append(f"  {sum(row['item_weight'][step] for step in rest):4.0%} {len(rest)} more")
    return lines + _fields(row)


def _fields(row: Row) -> list[str]:
    """The fields that weigh most on either side, such as " 62%  35%  genre: noir, western"."""
    yours, its = row["query_distribution"], row["target_distribution"]
    order = [j for j in np.argsort(-np.maximum(yours, its), kind="stable") if yours[j] > 0 or its[j] > 0]
    if not order:
        return []
    lines = ["what weighs for you, and in it:"]
    for j in order[:MOST_FIELDS]:
        values = [value for value in row["value_entity"][j] if value]
        named = ", ".join(values[:MOST_VALUES]) + (
            f" and {len(values) - MOST_VALUES} more" if values[MOST_VALUES:] else ""
        )
        lines.append(f"  {yours[j]:4.0%} {its[j]:4.0%} {row['field_relation'][j]}: {named or 'nothing known of it'}")
    return lines
