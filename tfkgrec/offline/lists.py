"""Recommendations as a table: user, rank, item, name, score; a row for every place of a list.

Where a model flags new items there is a column `new`, too.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
USERS_PER_CALL = 1024
"""A request ranks a few users at a time; more at once gain nothing."""


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
        if exclude or only:
            answer = model.recommend_filtered(asked, k, exclude, only)
            parts.append(as_table(asked, answer))
            unknown += int(np.sum(~answer.known))
        else:
            found = model.outputs("recommend", {"user_id": np.array([user.encode() for user in asked], object)})
            new = found["new_item"][:, :k] if model.flags_new else None
            item, name, score = (found[output][:, :k] for output in ("item_id", "item_name", "score"))
            parts.append(_table(asked, item, name, score, new))
            unknown += int(np.sum(~found["known_user"]))
    return pa.concat_tables([schema_of(model).empty_table(), *parts]), unknown


def schema_of(model: InProcess) -> pa.Schema:
    """Of its tables."""
    return SCHEMA.append(NEW) if model.flags_new else SCHEMA


def as_table(users: Sequence[str], answer: Recommendations) -> pa.Table:
    """An answer for `users`; places without an item are left out."""
    return _table(users, answer.item_id, answer.item_name, answer.score, answer.new)


def _table(
    users: Sequence[str], item: np.ndarray, name: np.ndarray, score: np.ndarray, new: np.ndarray | None
) -> pa.Table:
    """Of lists [users, k]; texts may be bytes."""
    people, k = item.shape
    user = pa.array(users, pa.string()).take(pa.array(np.repeat(np.arange(people), k)))
    rank, score = np.tile(np.arange(1, k + 1, dtype=np.int32), people), score.ravel()
    columns = [user, pa.array(rank), *(pa.array(text.ravel(), pa.string()) for text in (item, name)), pa.array(score)]
    table = pa.table(columns, schema=SCHEMA)
    if new is not None:
        table = table.append_column(NEW, pa.array(new.ravel()))
    return table.filter(pc.not_equal(table["item"], ""))
