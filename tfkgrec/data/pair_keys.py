"""Pairs of ids as single numbers: sets of pairs are then sorted arrays, and all of NumPy's set operations apply."""

import numpy as np


def pair_keys(first: np.ndarray, second: np.ndarray | int, size: int) -> np.ndarray:
    """One int64 per pair, in the order of the pairs.

    Args:
        first: ids, mostly users.
        second: ids below `size`, mostly items.
        size: rows of a table over the second ids, row 0 included.
    """
    keys: np.ndarray = first.astype(np.int64) * size + second
    return keys


def is_among(wanted: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Whether each of `wanted` [n] is among the sorted `keys`, bool [n]; quick for many questions about one set."""
    if not len(keys):
        return np.zeros(len(wanted), bool)
    found: np.ndarray = keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)] == wanted
    return found
