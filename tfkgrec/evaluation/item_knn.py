"""Item-kNN: items that the same users have taken are alike, and a user gets what is like what they have taken.

Everything is sparse, and of bounded size: the item-item matrix of a shop with one crawler that has viewed all of its
40,000 items would take 19 GB.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from tfkgrec.data.history import History

MOST_COSINES = 1 << 26
"""Held at a time, 12 bytes each: 0.8 GB."""


class Cosine(NamedTuple):
    """cosine(i, j) = |users of both| / sqrt(|users of i| |users of j|), [items, items]; 0 of an item with itself.

    That is a sum over users, to which a user with d items adds d^2 cosines. Where all of them are too many to be held,
    the users with the most items stay a product, so that each costs d numbers: near + far^T far - diag(own).

    Attributes:
        near: [items, items], of the users with fewer items.
        far: [some users, items]; no row where everybody is in `near`.
        own: [items], the diagonal of far^T far.
    """

    near: sparse.csr_array
    far: sparse.csr_array
    own: np.ndarray


def taken_matrix(history: History, num_item_rows: int) -> sparse.csr_array:
    """1 where user u has taken an item: [users, num_item_rows]."""
    ones = np.ones(len(history.items))
    return sparse.csr_array((ones, history.items, history.offsets), shape=(history.num_users, num_item_rows))


def item_cosine(taken: sparse.csr_array, most: int = MOST_COSINES) -> Cosine:
    """The cosines of what users have taken [users, items], of which no more than `most` are held."""
    count = np.asarray(taken.sum(axis=0)).ravel()
    unit = taken.multiply(1 / np.sqrt(np.maximum(count, 1))[None, :]).tocsr()  # columns of length one
    is_far = _stay_products(np.diff(taken.indptr), taken.shape[1], most)
    near, far = unit[~is_far], unit[is_far]
    cosine = (near.T @ near).tocsr()
    cosine.setdiag(0)
    return Cosine(cosine, far, np.asarray(far.multiply(far).sum(axis=0)).ravel())


def _stay_products(lengths: np.ndarray, num_items: int, most: int) -> np.ndarray:
    """Which users of `lengths` items are left to `far`, bool [users]: those with the most, until the others fit."""
    if num_items**2 <= most:
        return np.zeros(len(lengths), bool)
    order = np.argsort(lengths, kind="stable")
    far = np.empty(len(lengths), bool)
    far[order] = np.cumsum(lengths[order].astype(np.int64) ** 2) > most
    return far


def neighbour_scores(taken: sparse.csr_array, cosine: Cosine) -> np.ndarray:
    """Sum over what each row has taken of its cosine with every item, all neighbours counting.

    Returns:
        float32 [rows, num_items], column j is item j + 1: in 32 bits, sums that differ in their order of addition only
        tie as they should.
    """
    scores: np.ndarray = (taken @ cosine.near)[:, 1:].toarray()
    if cosine.far.shape[0]:
        far = (taken @ cosine.far.T) @ cosine.far - taken.multiply(cosine.own[None, :])
        scores += far.tocsr()[:, 1:].toarray()
    return scores.astype(np.float32)
