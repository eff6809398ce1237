"""Random numbers of some rows of a table, those that they have when all rows are drawn: a shard draws its own alone."""

import math

import numpy as np


class SomeRows:
    """A generator that draws for the rows `first` to `last` (not included) of `rows`, and passes over the others.

    Args:
        rng: `np.random.default_rng`; afterwards it stands where drawing all rows would have led it.
    """

    def __init__(self, rng: np.random.Generator, rows: int, first: int, last: int) -> None:
        self._rng, self._before, self._behind = rng, first, rows - last

    def random(self, shape: tuple[int, ...]) -> np.ndarray:
        """float64 of the shape [last - first, ...]; a number is one step of the generator, so steps are skipped."""
        width = math.prod(shape[1:])
        bits: np.random.PCG64 = self._rng.bit_generator  # type: ignore[assignment]
        bits.advance(self._before * width)
        drawn = self._rng.random(shape)
        bits.advance(self._behind * width)
        return drawn
