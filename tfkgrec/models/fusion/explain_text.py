"""Fusion: what every model and every count adds to an item's score, and each model's own reasons under it."""

from collections.abc import Mapping

import numpy as np

from tfkgrec import registry
from tfkgrec.models.counts.explain_text import LEAST, STARTS_FROM, of_items, told
from tfkgrec.models.explain_text import fact_lines, opening

Row = Mapping[str, np.ndarray]

ADDS = "_adds"
COUNTS = "counts"


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The parts of the logit, greatest first, then what each member says for itself.

    Uses constant, `<member>_adds` [] and all that the members' own templates use, as `<member>_<output>`.
    """
    title, only = opening(row, user, item, "so only what the item is like counts")
    if only is not None:
        return [only]
    members = [name.removesuffix(ADDS) for name in row if name.endswith(ADDS)]
    parts = [(float(row["constant"]), STARTS_FROM)]
    parts += [(float(row[name + ADDS]), _title(name)) for name in members if name != COUNTS]
    parts += told(_of_member(row, COUNTS)) if COUNTS in members else []
    lines = [f"{title}, as it adds up:"]
    lines += [
        f"  {adds:+.2f} {what}" for adds, what in sorted(parts, key=lambda one: -abs(one[0])) if abs(adds) >= LEAST
    ]
    lines += of_items(row) + fact_lines(row, bool(row["probability"] >= 0.5))
    for name in members:
        template = registry.model(name).explain_text if name in registry.models() else None
        if name != COUNTS and template is not None:
            said = registry.load(template)(_of_member(row, name), user, item)
            lines += [f"{_title(name)} by itself:", *(f"  {line}" for line in said[1:] or said)]
    return lines


def _of_member(row: Row, name: str) -> Row:
    """What a member's own template reads: its outputs by its own names, and what is said of the pair."""
    own = {key.removeprefix(f"{name}_"): value for key, value in row.items() if key.startswith(f"{name}_")}
    about = {key: row[key] for key in ("probability", "item_name", "known_user", "known_item") if key in row}
    return {**own, **about}


def _title(name: str) -> str:
    return registry.models()[name].title if name in registry.models() else name
