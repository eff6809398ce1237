"""Sequential baselines, judged as models are: popularity, item-kNN, and the product of vectors learned elsewhere."""

from collections.abc import Callable

import numpy as np

from tfkgrec.evaluation.item_knn import item_cosine, neighbour_scores, taken_matrix
from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.protocols.sequential.split import PARTS, SequenceSplits


def popularity(splits: SequenceSplits) -> PartScore:
    """How often an item occurs in the training sequences."""
    count = splits.popularity[1:].astype(np.float32)
    return lambda user, part: np.broadcast_to(count, (len(user), len(count)))


def item_knn(splits: SequenceSplits) -> PartScore:
    """Sum over the user's known items j of the cosine of i and j over the training sequences; all neighbours count."""
    known = {part: taken_matrix(splits.known(part), splits.num_item_rows) for part in PARTS}
    cosine = item_cosine(known["validation"])  # that is the training sequences
    return lambda user, part: neighbour_scores(known[part][user], cosine)


def factors(user_vectors: np.ndarray, item_vectors: np.ndarray) -> PartScore:
    """<u, i> of vectors by inner id, as BPR learns them: what does this user like at all?"""
    return lambda user, part: user_vectors[user] @ item_vectors[1:].T


BASELINES: dict[str, Callable[[SequenceSplits], PartScore]] = {"popularity": popularity, "item_knn": item_knn}
