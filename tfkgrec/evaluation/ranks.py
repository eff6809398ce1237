"""Ranks of positives among candidates, with ties a decision instead of an accident of `argsort`."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.errors import InputError

CELLS_AT_ONCE = 1 << 24  # comparisons held in memory at a time, one byte each (and four for the gathered scores)


@dataclass(frozen=True)
class Ranks:
    """Ranks of the positives of some lists (one list per user), 1 = best.

    A positive that ties with other candidates has no single rank. Broken at random, its rank is uniform on
    `optimistic..pessimistic`, and the metrics of `ranking_metrics` are expectations over that: a scorer that gives one
    score to everything earns exactly what chance earns. (Names as in PyKEEN's `RankBasedMetricResults`.)

    Attributes:
        row: int64 [P], the list each positive belongs to, 0..num_rows - 1, in any order.
        optimistic: int64 [P], 1 + number of candidates that score higher.
        pessimistic: int64 [P], number of candidates that score at least as high, itself included.
        num_rows: number of lists.
    """

    row: np.ndarray
    optimistic: np.ndarray
    pessimistic: np.ndarray
    num_rows: int

    @property
    def realistic(self) -> np.ndarray:
        """Float64 [P]: the expected rank, midway between the other two."""
        middle: np.ndarray = (self.optimistic + self.pessimistic) / 2
        return middle


def rank_positives(scores: np.ndarray, row: np.ndarray, column: np.ndarray) -> Ranks:
    """Rank some cells of a score matrix, each within its row.

    Compares each positive with its whole row (O(P N), faster than sorting rows for the few positives users have), a
    bounded number of cells at a time.

    Args:
        scores: float [G, N]; -inf marks what is no candidate (a training positive, a pad).
        row, column: int [P], the cells that hold the positives.

    Raises:
        InputError: a score is NaN, or a positive is no candidate.
    """
    if np.any(np.isnan(scores)):
        raise InputError(f"ranking: scores should be numbers. Received {np.sum(np.isnan(scores)):,} NaN")
    own = scores[row, column]  # [P]
    if np.any(np.isneginf(own)):
        raise InputError(f"ranking: {np.sum(np.isneginf(own)):,} positives are not among their candidates")
    higher = np.empty(len(row), np.int64)
    at_least = np.empty(len(row), np.int64)
    step = max(1, CELLS_AT_ONCE // max(1, scores.shape[1]))
    for start in range(0, len(row), step):
        part = slice(start, start + step)
        rivals, mine = scores[row[part]], own[part, None]  # [step, N], [step, 1]
        higher[part] = np.count_nonzero(rivals > mine, axis=1)
        at_least[part] = np.count_nonzero(rivals >= mine, axis=1)
    return Ranks(np.asarray(row, np.int64), higher + 1, at_least, len(scores))
