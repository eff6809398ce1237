"""HKRM: what the score owes to the history and to the target's values; its two distributions side by side."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.models.explain_text import fact_lines, history_lines, opening

Row = Mapping[str, np.ndarray]

MOST_FIELDS = 5
MOST_VALUES = 3


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """Items and values by contribution, then what weighs how much for the user and in the item, field by field.

    Uses what `history_lines` and `fact_lines` use;
    field_relation [A] str; query_distribution, target_distribution [A] (zeros: the model compares none);
    value_entity [A, V] str ("" pads); item_weight [T] (0 pads).
    """
    title, only = opening(row, user, item, "so nothing they liked can be named")
    if only is not None:
        return [only]
    if not any(row["item_weight"] > 0):
        return [f"{title}: the model has no item that user {user} liked"]
    likely = bool(row["probability"] >= 0.5)
    return history_lines(row, title, row["item_weight"], likely=likely) + fact_lines(row, likely) + _fields(row)


def _fields(row: Row) -> list[str]:
    """The fields that weigh most on either side, such as " 62%  35%  genre: noir, western"."""
    yours, its = row["query_distribution"], row["target_distribution"]
    order = [j for j in np.argsort(-np.maximum(yours, its), kind="stable") if yours[j] > 0 or its[j] > 0]
    if not order:
        return []
    lines = ["the fields that it looked at, on your side and on the item's:"]
    for j in order[:MOST_FIELDS]:
        values = [value for value in row["value_entity"][j] if value]
        named = ", ".join(values[:MOST_VALUES]) + (
            f" and {len(values) - MOST_VALUES} more" if values[MOST_VALUES:] else ""
        )
        lines.append(f"  {yours[j]:4.0%} {its[j]:4.0%} {row['field_relation'][j]}: {named or 'nothing known of it'}")
    return lines
