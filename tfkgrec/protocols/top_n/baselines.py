"""Top-N baselines, judged as models are: popularity, item-kNN (all items, or the newest), learned vectors."""

import functools
from collections.abc import Callable

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.evaluation.item_knn import Cosine, item_cosine, neighbour_scores, taken_matrix
from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.protocols.top_n.split import PARTS, TimeSplits

NEWEST = 20


def popularity(splits: TimeSplits) -> PartScore:
    """How many users are known to have rated the item."""
    count = {part: splits.known(part).counts(splits.num_item_rows)[1:] for part in PARTS}
    return lambda user, part: np.broadcast_to(count[part].astype(np.float32), (len(user), len(count[part])))


def item_knn(splits: TimeSplits, newest: int | None = None) -> PartScore:
    """Sum over the user's known items j of the cosine of i and j over all users; all neighbours count.

    Args:
        newest: read only that many of a user's items, the newest; None: all.
    """
    known = {part: taken_matrix(splits.known(part), splits.num_item_rows) for part in PARTS}

    @functools.lru_cache(maxsize=1)  # one part after the other is asked
    def cosine(part: str) -> Cosine:
        return item_cosine(known[part])

    def score(user: np.ndarray, part: str) -> np.ndarray:
        if newest is None:
            return neighbour_scores(known[part][user], cosine(part))
        items = splits.histories(part, user, newest)
        offsets = np.concatenate([[0], np.cumsum(np.count_nonzero(items, axis=1))])
        return neighbour_scores(taken_matrix(History(items[items > 0], offsets), splits.num_item_rows), cosine(part))

    return score


def factors(vectors: Callable[[str], tuple[np.ndarray, np.ndarray]]) -> PartScore:
    """<u, i>; `vectors(part)` gives user [users, d] and item [items + 1, d] vectors that know what `part` may know."""
    found = {part: vectors(part) for part in PARTS}
    return lambda user, part: found[part][0][user] @ found[part][1][1:].T


BASELINES: dict[str, Callable[[TimeSplits], PartScore]] = {
    "popularity": popularity,
    "item_knn": item_knn,
    "item_knn_newest": lambda splits: item_knn(splits, NEWEST),
}
