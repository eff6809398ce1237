"""Few widths for histories of many lengths: powers of two, so that at most half of a row is padding."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

NARROWEST = 16
FULL = 256
"""Up to this width a batch has all of its rows; of twice the width half as many, so that its size is bounded."""


class Part(NamedTuple):
    """Some rows that are worked on at a time."""

    start: int
    rows: int
    width: int  # of all of their histories


def width_of(length: int, longest: int) -> int:
    """The width of rows of which the longest has `length` items, where nobody has more than `longest`."""
    power = 1 << max(0, int(length) - 1).bit_length()
    return max(1, min(max(NARROWEST, power), longest))


def powers_of(lengths: np.ndarray) -> np.ndarray:
    """Which power of two holds each length, at least `NARROWEST`: what has the same stands side by side."""
    exponent: np.ndarray = np.frexp(np.maximum(lengths, NARROWEST) - 1.0)[1]
    return exponent


def parts(lengths: np.ndarray, longest: int, most: int) -> Iterator[Part]:
    """Cut rows, the longest histories first, into parts of one width each.

    Args:
        lengths: of every row's history, their powers falling.
        most: rows of a part, at most. Parts of one width have the same number, but that the last one lacks some.
    """
    start = 0
    while start < len(lengths):
        width = width_of(lengths[start], longest)
        rows = min(most, max(1, most * FULL // width))
        yield Part(start, rows, width)
        start += rows
