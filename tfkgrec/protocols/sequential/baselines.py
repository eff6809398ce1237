"""Sequential baselines, judged as models are: popularity, item-kNN, and the product of vectors learned elsewhere."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.protocols.sequential.split import PARTS, SequenceSplits


def popularity(splits: SequenceSplits) -> PartScore:
    """How often an item occurs in the training sequences."""
    count = splits.popularity[1:].astype(np.float32)
    return lambda user, part: np.broadcast_to(count, (len(user), len(count)))


def item_knn(splits: SequenceSplits) -> PartScore:
    """Sum over the user's known items j of the cosine of i and j over the training sequences; all neighbours count."""
    taste = _taken(splits, "validation")
    unit = taste.multiply(1 / np.sqrt(np.maximum(splits.popularity, 1))[None, :]).tocsr()  # columns of length one
    cosine = (unit.T @ unit).tocsr()  # [items + 1, items + 1]
    cosine.setdiag(0)
    known = {part: _taken(splits, part) for part in PARTS}
    return lambda user, part: (known[part][user] @ cosine)[:, 1:].toarray().astype(np.float32)


def factors(user_vectors: np.ndarray, item_vectors: np.ndarray) -> PartScore:
    """<u, i> of vectors by inner id, as BPR learns them: what does this user like at all?"""
    return lambda user, part: user_vectors[user] @ item_vectors[1:].T


FLOORS: dict[str, Callable[[SequenceSplits], PartScore]] = {"popularity": popularity, "item_knn": item_knn}


def _taken(splits: SequenceSplits, part: str) -> Any:
    items, offsets = splits.known(part)
    shape = (len(offsets) - 1, splits.num_item_rows)
    return sparse.csr_array((np.ones(len(items)), items, offsets), shape=shape)  # [users, items + 1]
