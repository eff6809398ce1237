"""The model that only counts: what adds to an item's score, and what takes away from it."""

from collections.abc import Iterable, Mapping

import numpy as np

Row = Mapping[str, np.ndarray]

MOST_LINES = 6
LEAST = 0.01
"""A part that moves the logit by less is not worth a line."""

STARTS_FROM = "what every pair starts from"


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The parts of the logit, greatest first.

    Uses popularity, similar, constant []; similar_item, similar_name [5] str, similar_share [5]; shared,
    value_popularity, shared_times [R]; shared_relation, shared_entity [R] str.
    """
    probability = f"(probability {row['probability']:.2f})"
    if not row.get("known_item", True):
        return [f"item {item} {probability}: the model does not know this item, so it cannot say why"]
    title = f"{row['item_name'] or f'item {item}'} {probability}"
    if not row.get("known_user", True):
        return [f"{title}: user {user} is unknown to the model, so only what the item is like counts"]
    return [f"{title}, as the counts add up:", *(f"  {amount:+.2f} {what}" for amount, what in told(row))]


def told(row: Row) -> list[tuple[float, str]]:
    """What each part adds to the logit, and what it is, greatest first."""
    parts = [one for one in _parts(row) if abs(one[0]) >= LEAST]
    return sorted(parts, key=lambda one: -abs(one[0]))[:MOST_LINES]


def _parts(row: Row) -> Iterable[tuple[float, str]]:
    yield float(row["constant"]), STARTS_FROM
    yield float(row["popularity"]), "how many took it"
    names = [name or f"item {raw}" for name, raw in zip(row["similar_name"], row["similar_item"], strict=True) if raw]
    yield (
        float(row["similar"]),
        f"like what you took: {', '.join(names[:3])}" if names else "nothing like what you took",
    )
    for j, relation in enumerate(row["shared_relation"]):
        times, entity = int(row["shared_times"][j]), row["shared_entity"][j]
        if times:
            yield float(row["shared"][j]), f"{relation} {entity}, which you took {_often(times)}"
        else:
            yield float(row["shared"][j]), f"no {relation} in common with what you took"
        yield float(row["value_popularity"][j]), f"how many took others of the same {relation}"


def _often(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")
