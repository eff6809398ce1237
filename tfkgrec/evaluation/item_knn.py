"""Item-kNN: items that the same users have taken are alike, and a user gets what is like what they have taken.

Everything is sparse: the dense item-item matrix of Book-Crossing would take 900 MB.
"""

import numpy as np
from scipy import sparse

from tfkgrec.data.history import History


def taken_matrix(history: History, num_item_rows: int) -> sparse.csr_array:
    """1 where user u has taken an item: [users, num_item_rows]."""
    ones = np.ones(len(history.items))
    return sparse.csr_array((ones, history.items, history.offsets), shape=(history.num_users, num_item_rows))


def item_cosine(taken: sparse.csr_array) -> sparse.csr_array:
    """cosine(i, j) = |users of both| / sqrt(|users of i| |users of j|), [items, items]; 0 of an item with itself."""
    count = np.asarray(taken.sum(axis=0)).ravel()
    unit = taken.multiply(1 / np.sqrt(np.maximum(count, 1))[None, :]).tocsr()  # columns of length one
    cosine = (unit.T @ unit).tocsr()
    cosine.setdiag(0)
    return cosine


def neighbour_scores(taken: sparse.csr_array, cosine: sparse.csr_array) -> np.ndarray:
    """Sum over what each row has taken of its cosine with every item, all neighbours counting.

    Returns:
        float32 [rows, num_items], column j is item j + 1: in 32 bits, sums that differ in their order of addition only
        tie as they should.
    """
    scores: np.ndarray = (taken @ cosine)[:, 1:].toarray().astype(np.float32)
    return scores
