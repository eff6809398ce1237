"""SASRec: the items that the score owes most to, each with how much its last block looked at it."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.models.explain_text import history_lines, opening

Row = Mapping[str, np.ndarray]


def explain_text(row: Row, user: str, item: str) -> list[str]:
    """The items of the history by contribution.

    Uses what `history_lines` uses; history_attention [T], of the last block from the newest item.
    """
    title, only = opening(row, user, item, "so it cannot say why", "score")
    if only is not None:
        return [only]
    if not any(row["history_item"]):
        return [f"{title}: the model has seen nothing of user {user}, so it cannot say why"]
    return history_lines(row, title, row["history_attention"], verb="took")
