"""What panels of a picture have in common: how high they are, their greys, how they begin.

Readable without colours: what speaks for the item is dark, what speaks against it hatched; a second series is light.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Row = Mapping[str, np.ndarray]
Panel = tuple[float, Callable[[Any], None]]
"""How high it is, in lines of text, and what draws it into axes."""

MOST_BARS = 12
LONGEST = 44  # letters of a label
DARK, LIGHT = "#303030", "#c8c8c8"


def finish(axes: Any, title: str) -> None:
    """The title, and a frame that stays in the background."""
    axes.set_title(title, fontsize=9, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)


def short(text: str, longest: int = LONGEST) -> str:
    """No longer than there is room for."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def item_names(row: Row) -> dict[int, str]:
    """Slot of the history -> what its item is called."""
    steps = [step for step, raw in enumerate(row["history_item"]) if raw]
    return {step: short(str(row["history_name"][step] or row["history_item"][step])) for step in steps}
