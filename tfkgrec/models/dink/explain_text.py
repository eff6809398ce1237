"""DINK: the history items that the score owes most to, each with how much its interest attention looked at it."""

from collections.abc import Mapping, Sequence

import numpy as np

from tfkgrec.models.explain_text import fact_lines, history_lines, opening

Row = Mapping[str, np.ndarray]

MOST_FACTS = 3


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The items by contribution, with the facts that the aggregator looked at; then the candidate's own facts.

    Uses what `history_lines` and `fact_lines` use; attention [T] (0 pads); neighbour_relation, neighbour_entity [T, K]
    str; neighbour_weight [T, K] (0: none).
    """
    title, only = opening(row, user, item, "so nothing they liked can be named")
    if only is not None:
        return [only]
    if not any(row["history_item"]):
        return [f"{title}: the model has no item that user {user} liked"]

    def facts(step: int) -> str:
        columns = (row[f"neighbour_{part}"][step] for part in ("relation", "entity", "weight"))
        return "".join(f"{'; ' if n == 0 else ', '}{fact}" for n, fact in enumerate(_facts(*columns)))

    likely = bool(row["probability"] >= 0.5)
    return history_lines(row, title, row["attention"], facts, likely=likely) + fact_lines(row, likely)


def _facts(relations: Sequence[str], entities: Sequence[str], weights: Sequence[float]) -> list[str]:
    """Such as "director Ada L. 40%", heaviest first; a neighbour sampled twice counts once, with both weights."""
    total: dict[tuple[str, str], float] = {}
    for relation, entity, weight in zip(relations, entities, weights, strict=True):
        if weight > 0 and entity:
            total[relation, entity] = total.get((relation, entity), 0.0) + float(weight)
    heaviest = sorted(total.items(), key=lambda fact: -fact[1])[:MOST_FACTS]
    return [f"{relation} {entity} {weight:.0%}" for (relation, entity), weight in heaviest]
