"""The model that only counts: what adds to an item's score, and what takes away from it."""

from collections.abc import Iterable, Mapping

import numpy as np

from tfkgrec.models.explain_text import history_lines, opening

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
    title, only = opening(row, user, item, "so only what the item is like counts")
    if only is not None:
        return [only]
    lines = [f"{title}, as the counts add up:", *(f"  {amount:+.2f} {what}" for amount, what in told(row))]
    return lines + of_items(row)


def of_items(row: Row) -> list[str]:
    """What all this owes to the items of the history."""
    if "contribution" not in row or not any(row["history_item"]):
        return []
    return history_lines(row, "so it is", verb="took", likely=bool(row["probability"] >= 0.5))


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
