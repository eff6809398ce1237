"""What recommends itself to whom: how much of the catalogue stands at the top of lists, and how popular that is."""

import numpy as np

from tfkgrec.errors import InputError

TOP = 10
"""Items of a list that count as recommended."""


def times_recommended(scores: np.ndarray, k: int = TOP) -> np.ndarray:
    """How many of the lists have each item among their best `k`, int64 [num_items].

    Of items that tie for the last places those of lower columns are in: inner ids are shuffled, so that a column says
    nothing of its item.

    Args:
        scores: float [G, num_items]; -inf marks what is no candidate, which is never recommended.
    """
    lists, items = scores.shape
    least = np.partition(scores, items - min(k, items), axis=1)[:, items - min(k, items)]  # [G], of the k best
    above = scores > least[:, None]
    tied = (scores == least[:, None]) & np.isfinite(scores)
    room = k - np.count_nonzero(above, axis=1)
    chosen = above | (tied & (np.cumsum(tied, axis=1, dtype=np.int32) <= room[:, None]))
    times: np.ndarray = np.count_nonzero(chosen, axis=0)
    return times


def reach(times: np.ndarray, popularity: np.ndarray) -> dict[str, float]:
    """Coverage of the catalogue, and the mean popularity of what is recommended.

        coverage@10   = |items that somebody's ten best hold| / |catalogue|
        popularity@10 = mean over all recommended places of the item's training interactions

    Args:
        times: of all lists together, as `times_recommended` counts, int64 [num_items].
        popularity: training interactions of the same items [num_items].

    Raises:
        InputError: nothing was recommended.

    Reference:
        Catalogue coverage: Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by
        coverage and serendipity", RecSys 2010. Average recommendation popularity: Yin, Cui, Li, Yao and Chen,
        "Challenging the long tail recommendation", VLDB 2012; here over places instead of over users, which is the same
        where every list has ten items.
    """
    if not times.sum():
        raise InputError("ranking: expected at least one recommended item, found none")
    return {
        f"coverage@{TOP}": float(np.mean(times > 0)),
        f"popularity@{TOP}": float(np.sum(times * popularity) / times.sum()),
    }
