"""A Keras model as a scorer."""

import numpy as np

from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.models.recommender import Recommender


def model_scorer(model: Recommender, items_per_row: int = 8, items_per_chunk: int = 512, cells: int = 16_384) -> Scorer:
    """A model as a scorer of pairs (probabilities) and of the catalogue (logits: the order is the same).

    Pairs are grouped by user, as in training, so that user-side work is done once a row; calls are padded to one shape,
    so that XLA compiles pairs and catalogue once each. Probabilities are float64: in float32 the sigmoid of confident
    pairs is 1 and ties.

    Args:
        items_per_row: M of the grouped pairs.
        items_per_chunk: M of a piece of the catalogue.
        cells: scores per call; memory grows with it.
    """

    def logits(user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """User [R], item [R, M] -> [R, M], some rows at a time."""
        step = max(1, cells // item.shape[1])
        out = np.empty(item.shape, np.float32)
        for first in range(0, len(user), step):
            rows = np.minimum(np.arange(first, first + step), len(user) - 1)  # the last call repeats its last row
            found = model.predict_on_batch({"user": user[rows], "item": item[rows]})
            out[first : first + step] = found[: len(user) - first]
        return out

    def score(user: np.ndarray, item: np.ndarray) -> np.ndarray:
        order = np.argsort(user, kind="stable")
        users, begin, count = np.unique(user[order], return_index=True, return_counts=True)
        rows = -(-count // items_per_row)  # [users]
        place = np.arange(len(user)) - np.repeat(begin, count)  # 0, 1, .. within each user
        row = np.repeat(np.cumsum(rows) - rows, count) + place // items_per_row
        column = place % items_per_row
        grid = np.zeros((int(rows.sum()), items_per_row), np.int32)
        grid[row, column] = item[order]
        scores = np.empty(len(user), np.float64)
        scores[order] = logits(np.repeat(users, rows).astype(np.int32), grid)[row, column]
        return 1 / (1 + np.exp(-np.clip(scores, -700, 700)))

    def score_catalogue(user: np.ndarray) -> np.ndarray:
        items = np.arange(1, model.num_items, dtype=np.int32)
        width = min(items_per_chunk, len(items))
        chunks = np.pad(items, (0, -len(items) % width)).reshape(-1, width)  # [chunks, M], 0-padded
        user = np.asarray(user, np.int32)
        scores = [logits(user, np.tile(chunk, (len(user), 1))) for chunk in chunks]
        return np.concatenate(scores, axis=1)[:, : len(items)]

    return Scorer(score, score_catalogue, probability=True)
