"""A KSR small enough to follow, with weights, vectors and side tables drawn at random."""

from typing import Any

import numpy as np

from tests.models.small import settings_of
from tfkgrec.models.ksr.model import KSR, KsrSizes
from tfkgrec.models.ksr.settings import KsrSettings

USERS, ITEMS, A, P, L, D, H, T = 6, 12, 3, 7, 4, 5, 6, 8
EMPTY = 5  # a user without a history; 0 is the stranger


def ksr(seed: int = 0, **settings: Any) -> KSR:
    """A built model."""
    rng = np.random.default_rng(seed)
    sizes = KsrSizes(USERS, ITEMS, settings.pop("num_slots", A), settings.pop("num_values", P))
    plain = {"dim": L, "item_dim": D, "hidden_dim": H, "history_length": T}
    of_model = settings_of(KsrSettings, **{**plain, **settings})
    del of_model["min_relation_triples"]
    model = KSR.from_settings(sizes, of_model)
    model.build()
    for weight in model.weights:
        if weight.dtype == "float32" and not weight.name.startswith("calibration"):
            weight.assign(0.6 * rng.normal(size=weight.shape))
    history = np.zeros((USERS, T), int)
    for user in range(1, EMPTY):
        count = rng.integers(1, T + 1)
        history[user, :count] = rng.permutation(np.arange(1, ITEMS))[:count]
    model.set_table("history", history)
    if model.memory is not None:
        slots = rng.integers(0, 2, (ITEMS, A))
        slots[0] = 0
        model.set_table("slots", slots)
        model.set_table("slot_relation", 3 + np.arange(A))
        entity = 50 + np.arange(A * P).reshape(A, P)
        entity[0, 2:] = 0  # an attribute of two values
        model.set_table("value_entity", entity)
    return model


def sequences(rows: int = 4, length: int = T, seed: int = 1) -> np.ndarray:
    """Histories int32 [rows, length], 0-padded on the right; the last one is empty."""
    rng = np.random.default_rng(seed)
    history = np.array([rng.permutation(np.arange(1, ITEMS))[:length] for _ in range(rows)])
    held = np.append(rng.integers(1, length + 1, rows - 1), 0)
    return np.where(np.arange(length) < held[:, None], history, 0).astype(np.int32)
