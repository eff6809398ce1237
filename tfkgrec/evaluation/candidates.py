"""Scores of the catalogue, checked, and without what is no candidate."""

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.errors import InputError


def catalogue_scores(scores: np.ndarray, users: int, num_items: int) -> np.ndarray:
    """A floating-point copy of a scorer's scores [users, num_items]; column j is item j + 1.

    Raises:
        InputError: a score is NaN or infinite.
    """
    if np.shape(scores) != (users, num_items):
        expected = f"[users, num_items] = {(users, num_items)}"
        raise ValueError(f"a scorer of the catalogue should return {expected}. Received: {np.shape(scores)}")
    if not np.all(np.isfinite(scores)):
        raise InputError(f"ranking: scores should be finite. Received {np.sum(~np.isfinite(scores)):,} NaN or infinite")
    return np.array(scores, np.result_type(scores, np.float32))  # integers have no -inf


def leave_out(scores: np.ndarray, user: np.ndarray, known: History) -> None:
    """Set the scores [G, num_items] of what users [G] are known to have taken to -inf, in place."""
    counts = known.lengths[user]
    row = np.repeat(np.arange(len(user)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)  # 0, 1, .. within each user
    scores[row, known.items[known.offsets[user][row] + place] - 1] = -np.inf
