"""A DINK small enough to follow, with weights and side tables drawn at random."""

from typing import Any

import keras
import numpy as np

from tfkgrec import registry
from tfkgrec.models.dink.model import DINK
from tfkgrec.models.dink.settings import DinkSettings
from tfkgrec.models.recommender import TableSizes

USERS, ITEMS, ENTITIES, RELATIONS, D, T, K = 7, 9, 14, 4, 3, 5, 3
STRANGER, EMPTY = 0, 6  # users: the unknown one, one without a history
LONELY = 8  # an item without neighbours; 0 is the unknown one
EXTRAS = (
    *("include_center", "scale_attention", "item_bias", "attribute_bias"),
    *("user_item_dot", "interest_item_dot", "history_item_dot", "item_attributes"),
)
EVERYTHING: dict[str, Any] = dict.fromkeys(EXTRAS, True)


def settings_of(cls: type, **settings: Any) -> dict[str, Any]:
    """A model's settings as its `from_settings` takes them, the others as its paper has them."""
    default = cls()
    paper = registry.model(default.name).presets.get("paper", {}).get("model", {})
    return {**default.hyperparameters(), **paper, **settings}  # unchecked: what models refuse is tested, too


def flat(model: keras.Model) -> dict[str, Any]:
    """A model's arguments side by side, those of its records, too."""
    config = model.get_config()
    records = [config[name] for name in type(model).records if isinstance(config.get(name), dict)]
    return {name: value for part in (*records, config) for name, value in part.items()}


def dink(seed: int = 0, **settings: Any) -> DINK:
    """A built model. Row 0 of every table of vectors is filled, too: masks have to hold, not zeros."""
    rng = np.random.default_rng(seed)
    plain = {"dim": D, "history_length": T, "num_neighbours": K, "l2": 0.0}
    sizes = TableSizes(USERS, ITEMS, ENTITIES, RELATIONS)
    model = DINK.from_settings(sizes, settings_of(DinkSettings, **{**plain, **settings}))
    model.build()
    for weight in model.trainable_weights:
        weight.assign(0.7 * rng.normal(size=weight.shape))

    history = np.zeros((USERS, model.history_length), int)
    for user in range(1, EMPTY):
        count = rng.integers(1, model.history_length + 1)
        history[user, :count] = rng.permutation(np.arange(1, ITEMS))[:count]
    entity = rng.integers(1, ENTITIES, (ITEMS, K)) * (rng.random((ITEMS, K)) < 0.7)
    entity[[0, LONELY]] = 0
    model.set_table("history", history)
    model.set_table("neighbour_entity", entity)
    model.set_table("neighbour_relation", np.where(entity > 0, rng.integers(1, RELATIONS, (ITEMS, K)), 0))
    model.set_table("entity_ids", 100 + np.arange(ENTITIES))
    return model


def batch(seed: int = 1, g: int = 5, m: int = 4, t: int = T) -> dict[str, np.ndarray]:
    """Inputs of a training step: up to T + 1 distinct history items a row."""
    rng = np.random.default_rng(seed)
    history = np.array([rng.permutation(np.arange(1, ITEMS))[: t + 1] for _ in range(g)])
    held = rng.integers(1, t + 2, g)
    history[np.arange(t + 1) >= held[:, None]] = 0
    return {
        "user": rng.integers(0, USERS, g).astype(np.int32),
        "history": history.astype(np.int32),
        "item": rng.integers(1, ITEMS, (g, m)).astype(np.int32),
        "left_out": (rng.random((g, m)) * held[:, None]).astype(np.int32),
    }
