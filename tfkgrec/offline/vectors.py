"""The vectors behind a score, as tables: for an index of nearest neighbours, or to look at."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import tensorflow as tf

from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender
from tfkgrec.runs.id_files import ENTITY_NAMES, ITEMS, USER_NAMES, USERS, read_texts
from tfkgrec.runs.served import Served

SCHEMA = pa.schema([("id", pa.string()), ("name", pa.string()), ("vector", pa.list_(pa.float32()))])
USERS_PER_CALL = 256

SAYS = {
    "whole": "The dot product of a user's vector and an item's is the model's score of an item that the user has not"
    " taken: its logit, whose sigmoid, calibrated, is the probability. The largest products are the recommendations.",
    "part": "The dot product of a user's vector and an item's is a part of the model's score; the rest is worked out"
    " for the pair. Take candidates by it, and let the model order them (signature rank).",
}


def meaning(model: Recommender, name: str) -> str:
    """What the dot product of its vectors is.

    Raises:
        InputError: its score holds none.
    """
    if not model.product:
        raise InputError(f"vectors: expected a model whose score is or contains a dot product, found {name}")
    last = " The last place of a vector holds the item's bias, and 1 for a user."
    return SAYS[model.product] + last


def item_vectors(served: Served) -> pa.Table:
    """id, name, vector of every item."""
    folder = served.run.vocabularies
    ids = read_texts(folder / ITEMS)
    names = read_texts(folder / ENTITY_NAMES, len(ids))  # items are the first entities
    model = served.model
    return _table(ids, names, np.asarray(model.item_factors(model.item_tables()))[1:])


def user_vectors(served: Served, show: Callable[[int], None] = lambda done: None) -> pa.Table:
    """id, name, vector of every user; those of whom training saw nothing have the vector of an unknown one."""
    folder, model = served.run.vocabularies, served.model
    ids = read_texts(folder / USERS)
    names = read_texts(folder / USER_NAMES) if (folder / USER_NAMES).exists() else [""] * len(ids)
    tables = model.item_tables()
    whom = np.arange(1, len(ids) + 1) * served.seen.known[1:]
    parts = []
    for first in range(0, len(ids), USERS_PER_CALL):
        users = tf.constant(whom[first : first + USERS_PER_CALL], tf.int32)
        parts.append(np.asarray(model.user_factors(model.user_state(users, tables=tables))))
        show(first + len(users))
    return _table(ids, names, np.concatenate(parts))


def _table(ids: list[str], names: list[str], vectors: np.ndarray) -> pa.Table:
    count, width = vectors.shape
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel(), pa.float32())
    lists = pa.ListArray.from_arrays(pa.array(np.arange(count + 1) * width, pa.int32()), flat)
    return pa.table([pa.array(ids, pa.string()), pa.array(names, pa.string()), lists], schema=SCHEMA)
