"""Top-N baselines, judged as models are: popularity, item-kNN (all items, or the newest), learned vectors."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.protocols.top_n.split import PARTS, TimeSplits

NEWEST = 20


def popularity(splits: TimeSplits) -> PartScore:
    """How many users are known to have rated the item."""
    count = {part: np.bincount(splits.known(part)[0], minlength=splits.num_item_rows)[1:] for part in PARTS}
    return lambda user, part: np.broadcast_to(count[part].astype(np.float32), (len(user), len(count[part])))


def item_knn(splits: TimeSplits, newest: int | None = None) -> PartScore:
    """Sum over the user's known items j of the cosine of i and j over all users; all neighbours count.

    Args:
        newest: read only that many of a user's items, the newest; None: all.
    """
    cosine = {part: _cosine(_rated(splits, part)) for part in PARTS}

    def score(user: np.ndarray, part: str) -> np.ndarray:
        if newest is None:
            read = _rated(splits, part)[user]
        else:
            items = splits.histories(part, user, newest)
            row = np.repeat(np.arange(len(user)), (items > 0).sum(axis=1))
            shape = (len(user), splits.num_item_rows)
            read = sparse.csr_array((np.ones(len(row)), (row, items[items > 0])), shape=shape)
        return (read @ cosine[part])[:, 1:].toarray().astype(np.float32)

    return score


def factors(vectors: Callable[[str], tuple[np.ndarray, np.ndarray]]) -> PartScore:
    """<u, i>; `vectors(part)` gives user [users, d] and item [items + 1, d] vectors that know what `part` may know."""
    found = {part: vectors(part) for part in PARTS}
    return lambda user, part: found[part][0][user] @ found[part][1][1:].T


FLOORS: dict[str, Callable[[TimeSplits], PartScore]] = {
    "popularity": popularity,
    "item_knn": item_knn,
    "item_knn_newest": lambda splits: item_knn(splits, NEWEST),
}


def _rated(splits: TimeSplits, part: str) -> sparse.csr_array:
    items, offsets = splits.known(part)
    shape = (len(offsets) - 1, splits.num_item_rows)
    return sparse.csr_array((np.ones(len(items)), items, offsets), shape=shape)  # [users, items + 1]


def _cosine(rated: sparse.csr_array) -> sparse.csr_array:
    count = np.asarray(rated.sum(axis=0)).ravel()
    unit = rated.multiply(1 / np.sqrt(np.maximum(count, 1))[None, :]).tocsr()  # columns of length one
    cosine = (unit.T @ unit).tocsr()
    cosine.setdiag(0)
    return cosine
