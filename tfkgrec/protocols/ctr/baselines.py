"""The baselines every model has to beat, judged by the same code on the same pairs as the model.

Popularity and item-kNN only count, and count training positives only. The matrix-factorisation baseline is a Keras
model: the trainer fits it and passes its scorer to `evaluate_baselines` as `extra`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.evaluation.item_knn import item_cosine, neighbour_scores, taken_matrix
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.protocols.ctr.evaluate import evaluate_scorer
from tfkgrec.protocols.ctr.ranking import BATCH_USERS
from tfkgrec.protocols.ctr.split import Splits


def popularity(splits: Splits) -> Scorer:
    """score(u, i) = number of training positives of item i."""
    count = splits.popularity.astype(np.float32)  # [items + 1]

    def score(user: np.ndarray, item: np.ndarray) -> np.ndarray:
        scores: np.ndarray = count[item]
        return scores

    def score_catalogue(user: np.ndarray) -> np.ndarray:
        return np.broadcast_to(count[1:], (len(user), len(count) - 1))

    return Scorer(score, score_catalogue, probability=False)


def item_knn(splits: Splits, batch_users: int = BATCH_USERS) -> Scorer:
    """score(u, i) = sum of cosine(i, j) over the user's training positives j != i; all neighbours count.

    Args:
        batch_users: users whose catalogue row is held at a time while pairs are scored.
    """
    taken = taken_matrix(splits.train_history, splits.num_item_rows)
    cosine = item_cosine(taken)

    def score_catalogue(user: np.ndarray) -> np.ndarray:
        return neighbour_scores(taken[user], cosine)

    def score(user: np.ndarray, item: np.ndarray) -> np.ndarray:
        scores = np.empty(len(user), np.float32)
        users, row = np.unique(user, return_inverse=True)
        order = np.argsort(row, kind="stable")
        for first in range(0, len(users), batch_users):
            begin, end = np.searchsorted(row, [first, first + batch_users], sorter=order)
            pairs = order[begin:end]
            scores[pairs] = score_catalogue(users[first : first + batch_users])[row[pairs] - first, item[pairs] - 1]
        return scores

    return Scorer(score, score_catalogue, probability=False)


BASELINES: dict[str, Callable[[Splits], Scorer]] = {"popularity": popularity, "item_knn": item_knn}


def evaluate_baselines(
    splits: Splits,
    names: Sequence[str] = tuple(BASELINES),
    extra: Mapping[str, Scorer] | None = None,
    top_k: bool = False,
    batch_users: int = BATCH_USERS,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Judge baselines as models are judged.

    Args:
        names: the baselines wanted, each from `BASELINES` or from `extra`.
        extra: scorers that had to be trained elsewhere, such as {"mf": ...}.
        top_k, batch_users: as in `evaluate_scorer`.

    Returns:
        name -> part -> metrics, as `evaluate_scorer` gives them, in the order of `names`.

    Raises:
        InputError: a name that is in neither.
    """
    extra = extra or {}
    for name in names:
        if name not in BASELINES and name not in extra:
            raise InputError(f"evaluation.floors: expected some of {', '.join([*BASELINES, *extra])}, found {name!r}")
    return {
        name: evaluate_scorer(extra[name] if name in extra else BASELINES[name](splits), splits, top_k, batch_users)
        for name in names
    }
