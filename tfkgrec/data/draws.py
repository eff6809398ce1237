"""What a split draws at random, in the two ways that there are (`data.split_version`).

Version 1 draws from a generator, row by row in the order of the files: whatever is added changes all that comes after.
Version 2 draws by keys of raw ids: what one user is given depends on nobody else, on no order, and on no machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from tfkgrec.data.keyed import mix, uniform
from tfkgrec.data.lots import Lots
from tfkgrec.data.negatives import draw_by_keys, draw_negatives
from tfkgrec.data.other_data import OtherData
from tfkgrec.data.records import Dataset


class Draws(Protocol):
    """The draws of one purpose; every one of them is made once, in the order in which the split needs them."""

    def negatives(
        self, counts: np.ndarray, forbidden: np.ndarray, popularity: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `draw_negatives`."""

    def parts(self, user: np.ndarray, item: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
        """Pairs [n] dealt out at random: of every part the places of its pairs; the last part has what is left."""

    def moments(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """When pairs [n] without a time came, at random: [n], to be sorted by."""

    def some_of(self, users: np.ndarray, share: float) -> np.ndarray:
        """A share of `users` [n]: those chosen, in any order."""

    def number_each(self, low: int, high: int) -> np.ndarray:
        """A whole number of low..high for every user, int64 [users]."""

    def kept(self, user: np.ndarray, item: np.ndarray, share: float) -> np.ndarray:
        """A share of pairs [n]: their places, ascending; a smaller share is part of a larger one."""

    def some_items(self, share: float) -> np.ndarray:
        """A share of all items: int32, ascending; a smaller share is part of a larger one."""

    def among(self, items: np.ndarray) -> "Draws":
        """The same over some items only, ascending, which it numbers 1, 2, ..."""


def draws_of(data: Dataset | OtherData, seed: int, *purpose: int) -> Draws:
    """The draws for data of either version; the purpose is a number, or several."""
    if data.split_version == 1:
        return RowDraws(np.random.default_rng([seed, *purpose]), data.users.size, data.items.size)
    return KeyDraws(data.users.keys, data.items.keys, (seed, *purpose))


@dataclass(frozen=True)
class RowDraws:
    """Version 1: one generator, so that every draw depends on those before it."""

    rng: np.random.Generator
    num_user_rows: int
    num_item_rows: int

    def negatives(
        self, counts: np.ndarray, forbidden: np.ndarray, popularity: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        return draw_negatives(counts, forbidden, self.num_item_rows - 1, self.rng, popularity)

    def parts(self, user: np.ndarray, item: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
        ends = [int(share * len(user)) for share in np.cumsum(shares)]
        return np.split(self.rng.permutation(len(user)), ends)

    def moments(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        return self.rng.permutation(len(user))

    def some_of(self, users: np.ndarray, share: float) -> np.ndarray:
        return self.rng.permutation(users)[: round(share * len(users))]

    def number_each(self, low: int, high: int) -> np.ndarray:
        return self.rng.integers(low, high + 1, self.num_user_rows)

    def kept(self, user: np.ndarray, item: np.ndarray, share: float) -> np.ndarray:
        return np.sort(self.rng.permutation(len(user))[: round(share * len(user))])

    def some_items(self, share: float) -> np.ndarray:
        items = np.arange(1, self.num_item_rows, dtype=np.int32)
        return np.sort(self.rng.permutation(items)[: round(share * len(items))])

    def among(self, items: np.ndarray) -> "RowDraws":
        return RowDraws(self.rng, self.num_user_rows, len(items) + 1)


@dataclass(frozen=True)
class KeyDraws:
    """Version 2: everything by keys.

    Attributes:
        user_keys, item_keys: uint64 [rows], by inner id.
        numbers: the seed and the purpose.
    """

    user_keys: np.ndarray
    item_keys: np.ndarray
    numbers: tuple[int, ...]

    def negatives(
        self, counts: np.ndarray, forbidden: np.ndarray, popularity: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        if popularity is None:
            return draw_by_keys(counts, forbidden, self._users("negatives"), self.item_keys, self._evenly)
        weight = np.maximum(popularity, 1)
        item = np.repeat(np.arange(1, len(weight), dtype=np.int32), weight[1:])
        number = np.arange(len(item)) - np.repeat(np.cumsum(weight[1:]) - weight[1:], weight[1:])
        lots = Lots.of(item, mix(self.item_keys[item], number))
        return draw_by_keys(counts, forbidden, self._users("popular negatives"), self.item_keys, lots, weight)

    def parts(self, user: np.ndarray, item: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
        part = np.searchsorted(np.cumsum(shares), uniform(self._pairs(user, item, "part")), side="right")
        return [np.flatnonzero(part == number) for number in range(len(shares) + 1)]

    def moments(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        return self._pairs(user, item, "moment")

    def some_of(self, users: np.ndarray, share: float) -> np.ndarray:
        chosen: np.ndarray = users[uniform(self._users("some")[users]) < share]
        return chosen

    def number_each(self, low: int, high: int) -> np.ndarray:
        return low + (uniform(self._users("number")) * (high + 1 - low)).astype(np.int64)

    def kept(self, user: np.ndarray, item: np.ndarray, share: float) -> np.ndarray:
        return np.flatnonzero(uniform(self._pairs(user, item, "kept")) < share)

    def some_items(self, share: float) -> np.ndarray:
        chosen = uniform(mix(self.item_keys, *self.numbers, "item")) < share
        return np.flatnonzero(chosen[1:]).astype(np.int32) + 1

    def among(self, items: np.ndarray) -> "KeyDraws":
        return KeyDraws(self.user_keys, self.item_keys[np.concatenate([[0], items])], self.numbers)

    @cached_property
    def _evenly(self) -> Lots:
        return Lots.of(np.arange(1, len(self.item_keys), dtype=np.int32), self.item_keys[1:])

    def _users(self, what: str) -> np.ndarray:
        return mix(self.user_keys, *self.numbers, what)

    def _pairs(self, user: np.ndarray, item: np.ndarray, what: str) -> np.ndarray:
        return mix(self._users(what)[user], self.item_keys[item])
