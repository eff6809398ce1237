"""The positives that a part of a split holds out, whatever the protocol calls them."""

from typing import Any

import numpy as np

from tfkgrec.training.contract import Splits


def positives_of(splits: Splits, part: str) -> tuple[np.ndarray, np.ndarray]:
    """user [n], item [n] that the part ("validation", "test") asks for; of a session its first item."""
    asked: Any = getattr(splits, part)
    asked = getattr(asked, "positives", asked)  # of labelled pairs
    item = asked.item[asked.offsets[:-1]] if hasattr(asked, "offsets") else asked.item
    return asked.user, item
