"""Times as they stand in files: counted since 1970 in a unit that their size tells, or ISO dates."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec.data.readers.tables import as_numbers

UNITS = (("seconds", 1e11, 1_000_000), ("milliseconds", 1e14, 1_000), ("microseconds", 1e17, 1))
"""Unit, what its numbers are below (seconds: the year 5138), and microseconds in it; above all, nanoseconds."""


class Times(NamedTuple):
    """`time` since 1970 as int64 [n], `per_second` of them in a second: 1 where that loses nothing, else 1,000,000.

    `wrong` bool [n]: the text is no time, or none in the unit of the others. `unit` is for people.
    """

    time: np.ndarray
    per_second: int
    wrong: np.ndarray
    unit: str


def read_times(texts: pd.Series) -> Times:
    """Numbers or ISO dates and datetimes (without a zone: in UTC), whichever most of them are.

    Numbers are all in one unit, told by the size of the middle one. Whole numbers of 64 bits stay exact.
    """
    unit = unit_of(sizes(texts), len(texts))
    microseconds, wrong = in_microseconds(texts, unit)
    if np.any(microseconds % 1_000_000):
        return Times(microseconds, 1_000_000, wrong, unit)
    return Times(microseconds // 1_000_000, 1, wrong, unit)


def sizes(texts: pd.Series) -> np.ndarray:
    """How many are numbers of the size of each unit, int64 [4]: what is needed to tell it, and can be added up."""
    numbers = np.abs(as_numbers(texts))
    counts: np.ndarray = np.bincount(
        np.searchsorted([top for _, top, _ in UNITS], numbers[np.isfinite(numbers)], side="right"), minlength=4
    )
    return counts


def unit_of(counts: np.ndarray, rows: int) -> str:
    """The unit of `rows` times, of which so many are numbers of each size (`sizes`)."""
    if 2 * counts.sum() < rows or not counts.any():
        return "dates"
    middle = int(np.argmax(2 * np.cumsum(counts) >= counts.sum()))
    return [*(unit for unit, _, _ in UNITS), "nanoseconds"][middle]


def in_microseconds(texts: pd.Series, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Since 1970, int64 [n], and which texts are no time in this unit, bool [n]; their time is 0."""
    if unit == "dates":
        return _dates(texts)
    top, scale = next(((top, scale) for name, top, scale in UNITS if name == unit), (2.0**63, 0))
    numbers = as_numbers(texts)
    wrong: np.ndarray = ~(np.isfinite(numbers) & (np.abs(numbers) < top))
    return _scaled(texts.where(~wrong, "0") if wrong.any() else texts, scale), wrong


def _scaled(texts: pd.Series, scale: int) -> np.ndarray:
    """In microseconds, `scale` of which are one; 0: a thousandth of one is."""
    try:
        whole: np.ndarray = pa.array(texts).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return whole * scale if scale else whole // 1_000
    except pa.ArrowInvalid:  # not all of them are whole
        pass
    rounded: np.ndarray = np.round(as_numbers(texts) * (scale or 1e-3)).astype(np.int64)
    return rounded


def _dates(texts: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    found = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    wrong: np.ndarray = found.isna().to_numpy()
    microseconds: np.ndarray = found.dt.tz_localize(None).to_numpy().astype(np.int64)  # a copy
    microseconds[wrong] = 0
    return microseconds, wrong
