"""Recommendations as a table: user, rank, item, name, score; a row for every place of a list.

Where a model flags new items there is a column `new`, too.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tfkgrec.client.calls import Recommendations
from tfkgrec.offline.in_process import InProcess

SCHEMA = pa.schema(
    [
        ("user", pa.string()),
        ("rank", pa.int32()),
        ("item", pa.string()),
        ("name", pa.string()),
        ("score", pa.float32()),
    ]
)
NEW = pa.field("new", pa.bool_())
USERS_PER_CALL = 256
"""More gain nothing: a request ranks one user after the other."""


def lists_of(
    model: InProcess, users: Sequence[str], k: int, exclude: Sequence[object] = (), only: Sequence[object] = ()
) -> tuple[pa.Table, int]:
    """The lists of `users`, and how many of these the model does not know: they get what is popular.

    Args:
        exclude, only: conditions for all of them, as of `Client.recommend_filtered`.
    """
    parts, unknown = [], 0
    for first in range(0, len(users), USERS_PER_CALL):
        asked = users[first : first + USERS_PER_CALL]
        plain = not (exclude or only)
        answer = model.recommend(asked, k) if plain else model.recommend_filtered(asked, k, exclude, only)
        parts.append(as_table(asked, answer))
        unknown += int(np.sum(~answer.known))
    return pa.concat_tables([schema_of(model).empty_table(), *parts]), unknown


def schema_of(model: InProcess) -> pa.Schema:
    """Of its tables."""
    return SCHEMA.append(NEW) if model.flags_new else SCHEMA


def as_table(users: Sequence[str], answer: Recommendations) -> pa.Table:
    """An answer for `users`; places without an item are left out."""
    row, place = np.nonzero(answer.item_id != "")
    table = pa.table(
        [
            pa.array(np.array(users, object)[row], pa.string()),
            pa.array(place + 1, pa.int32()),
            pa.array(answer.item_id[row, place], pa.string()),
            pa.array(answer.item_name[row, place], pa.string()),
            pa.array(answer.score[row, place], pa.float32()),
        ],
        schema=SCHEMA,
    )
    return table if answer.new is None else table.append_column(NEW, pa.array(answer.new[row, place]))
