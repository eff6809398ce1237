"""EKPNet: the liked items that the score owes most to, and the triples that its attention looked at, hop by hop."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.models.explain_text import fact_lines, history_lines, opening

Row = Mapping[str, np.ndarray]

MOST_TRIPLES = 4


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The items by contribution, the candidate's facts, then a line a triple, heaviest first, under a line a hop.

    Uses what `history_lines` and `fact_lines` use;
    ripple_seed_item, ripple_seed_name, ripple_head_entity, ripple_relation, ripple_tail_entity [P, N] str;
    ripple_attention [P, N] (0: none).
    """
    title, only = opening(row, user, item, "so nothing they liked can be named")
    if only is not None:
        return [only]
    hops = [_heaviest(row, hop) for hop in range(len(row["ripple_attention"]))]
    if not any(hops):
        return [f"{title}: nothing that user {user} liked leads anywhere in the graph"]
    likely = bool(row["probability"] >= 0.5)
    if "contribution" in row:
        lines = history_lines(row, title, likely=likely) + fact_lines(row, likely)
    else:
        lines = [title]
    lines.append("what the model looked at, from what you liked:")
    for number, triples in enumerate(hops, 1):
        if triples:
            lines.append(f"  {number} step{'s' * (number > 1)} from there:")
        lines += [f"    {weight:4.0%} {text}" for text, weight in triples[:MOST_TRIPLES]]
        if triples[MOST_TRIPLES:]:
            lines.append(f"    {sum(w for _, w in triples[MOST_TRIPLES:]):4.0%} {len(triples) - MOST_TRIPLES} more")
    return lines


def _heaviest(row: Row, hop: int) -> list[tuple[str, float]]:
    """Such as ("noir - inverse genre - film 7 (from film 9)", 0.4); one that several items lead to is told for each."""
    total: dict[str, float] = {}
    for place, weight in enumerate(row["ripple_attention"][hop]):
        seed = row["ripple_seed_item"][hop][place]
        if weight > 0 and seed:
            seed = row["ripple_seed_name"][hop][place] or f"item {seed}"
            head, relation, tail = (
                row[f"ripple_{part}"][hop][place] for part in ("head_entity", "relation", "tail_entity")
            )
            text = f"{seed} - {relation} - {tail}" if hop == 0 else f"{head} - {relation} - {tail} (from {seed})"
            total[text] = total.get(text, 0.0) + float(weight)
    return sorted(total.items(), key=lambda triple: -triple[1])
