"""What evaluation needs from a model or a baseline: scores of pairs, and scores of the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PairScore = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(user [n] int32, item [n] int32) -> float [n]."""

CatalogueScore = Callable[[np.ndarray], np.ndarray]
"""(user [G] int32) -> float [G, num_items]; column j is item j + 1."""

PartScore = Callable[[np.ndarray, str], np.ndarray]
"""(user [G] int32, part) -> float [G, num_items]; column j is item j + 1. Reads `splits.known(part)`, nothing more."""


@dataclass(frozen=True)
class Scorer:
    """Anything that can be evaluated.

    Attributes:
        score: scores of pairs.
        score_catalogue: scores of all items for some users.
        probability: whether scores are probabilities, so that 0.5 is their threshold and log loss means something.
    """

    score: PairScore
    score_catalogue: CatalogueScore
    probability: bool
