"""An RKAN small enough to follow, with weights and side tables drawn at random."""

from typing import Any

import numpy as np

from tests.models.small import EMPTY, ITEMS, LONELY, USERS, settings_of
from tfkgrec.models.rkan.model import OF_BUILDER, RKAN, PathSizes
from tfkgrec.models.rkan.settings import RkanSettings

BASE, A, KINDS, D, T, S = 16, 5, 3, 4, 5, 6  # nodes: items 1..8, attributes 9..16, users from 17 on
NODES = BASE + USERS
EVERYTHING: dict[str, Any] = {
    "inner_product_in_logit": True,
    "item_bias": True,
    "history_item_dot": True,
    "item_attributes": True,
    "score": "both",
}


def rkan(seed: int = 0, **settings: Any) -> RKAN:
    """A built model. Row 0 of every table of vectors is filled, too: masks have to hold, not zeros."""
    rng = np.random.default_rng(seed)
    plain = {"dim": D, "num_paths": S, "history_length": T}
    of_model = settings_of(RkanSettings, **{**plain, **settings})
    for name in OF_BUILDER:
        del of_model[name]
    model = RKAN.from_settings(PathSizes(USERS, ITEMS, NODES, BASE, A, KINDS), of_model)
    model.build()
    for weight in model.trainable_weights:
        weight.assign(0.7 * rng.normal(size=weight.shape))

    history = np.zeros((USERS, model.history_length), int)
    for user in range(1, EMPTY):
        count = rng.integers(1, model.history_length + 1)
        history[user, :count] = rng.permutation(np.arange(1, ITEMS))[:count]
    near = np.array([rng.permutation(np.arange(ITEMS, NODES))[:A] for _ in range(ITEMS)])
    near *= rng.random(near.shape) < 0.8
    near[[0, LONELY]] = 0
    attribute = (near > 0) & (near <= BASE)
    model.set_table("history", history)
    model.set_table("near_node", near)
    model.set_table("near_kind", np.where(attribute, rng.integers(0, KINDS - 1, near.shape), KINDS - 1) * (near > 0))
    model.set_table("near_relation", np.where(attribute, rng.integers(1, 4, near.shape), 0))
    model.set_table("entity_ids", 100 + np.arange(BASE + 1))
    return model


def batch(seed: int = 1, g: int = 5, m: int = 4, edges: int = 3) -> dict[str, np.ndarray]:
    """Inputs of a training step; some pairs have few paths, some none, and a longer one may be a short one."""
    rng = np.random.default_rng(seed)
    history = np.array([rng.permutation(np.arange(1, ITEMS))[:T] for _ in range(g)])
    history[np.arange(T) >= rng.integers(0, T + 1, g)[:, None]] = 0
    paths = rng.integers(1, NODES, (g, m, S, edges - 1))
    paths[..., :-2] *= rng.random((g, m, S, 1)) < 0.5
    paths *= rng.random((g, m, S, 1)) < 0.7
    paths[0, 0] = 0
    arrays = {
        "user": rng.integers(0, USERS, g),
        "history": history,
        "item": rng.integers(1, ITEMS, (g, m)),
        "paths": paths,
    }
    return {name: array.astype(np.int32) for name, array in arrays.items()}
