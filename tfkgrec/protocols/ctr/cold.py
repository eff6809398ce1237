"""Cold items: held out with all that anybody thought of them, so that a model knows their facts alone."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.draws import Draws, draws_of
from tfkgrec.data.pair_keys import is_among, pair_keys
from tfkgrec.data.records import Dataset, Interactions
from tfkgrec.errors import InputError


@dataclass(frozen=True)
class ColdItems:
    """Items that are in no part of the split, no history and no draw of negatives.

    Attributes:
        items: int32 [n], ascending.
        pairs: labelled: what users with a training positive took of them, and of every user as many others of them.
    """

    items: np.ndarray
    pairs: Interactions

    def has(self, item: np.ndarray) -> np.ndarray:
        """Whether each item is one of them, bool of the shape of `item`."""
        return np.isin(item, self.items)


def choose_cold(dataset: Dataset, share: float, seed: int) -> ColdItems | None:
    """A share of the items, by keys of their raw ids (of `data.split_version: 1` by the seed); None for no share.

    Raises:
        InputError: nobody likes any of those chosen, or nothing else is left.
    """
    if not share:
        return None
    rated, draws = dataset.interactions, draws_of(dataset, seed, 1, 2)
    items = draws.some_items(share)
    liked = rated.positives.take(np.isin(rated.positives.item, items))
    if not 0 < len(liked) < len(rated.positives):
        found = f"{len(items):,} of {dataset.num_items:,} items, with {len(liked):,} of {len(rated.positives):,}"
        raise InputError(
            f"data.cold_items: expected some positives among cold items and some among others, found {found}"
        )
    counts = np.bincount(liked.user, minlength=dataset.users.size)
    user, item = negatives_among(items, counts, rated, draws)
    return ColdItems(items, liked.with_negatives(user, item))


def negatives_among(
    items: np.ndarray, counts: np.ndarray, rated: Interactions, draws: Draws
) -> tuple[np.ndarray, np.ndarray]:
    """`counts[u]` of `items` for every user u, without replacement, none that they have rated: user, item [n]."""
    own = np.isin(rated.item, items)
    place = np.searchsorted(items, rated.item[own]) + 1
    user, drawn = draws.among(items).negatives(counts, np.sort(pair_keys(rated.user[own], place, len(items) + 1)))
    return user, items[drawn - 1]


def warm_items(num_item_rows: int, cold: ColdItems | None) -> np.ndarray:
    """All other items, int32, ascending."""
    everything = np.arange(1, num_item_rows, dtype=np.int32)
    return everything if cold is None else everything[~is_among(everything, cold.items)]
