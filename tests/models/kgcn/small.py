"""A KGCN small enough to follow, with weights and side tables drawn at random."""

from typing import Any

import numpy as np

from tests.models.small import ENTITIES, ITEMS, LONELY, RELATIONS, USERS, D, K, settings_of
from tfkgrec.models.kgcn.model import KGCN
from tfkgrec.models.kgcn.settings import KgcnSettings
from tfkgrec.models.recommender import TableSizes


def kgcn(seed: int = 0, **settings: Any) -> KGCN:
    """A built model. Row 0 of every table of vectors is filled, too: masks have to hold, not zeros."""
    rng = np.random.default_rng(seed)
    plain = {"dim": D, "num_neighbours": K, "l2": 0.0}
    sizes = TableSizes(USERS, ITEMS, ENTITIES, RELATIONS)
    model = KGCN.from_settings(sizes, settings_of(KgcnSettings, **{**plain, **settings}))
    model.build()
    for weight in model.trainable_weights:
        weight.assign(0.7 * rng.normal(size=weight.shape))
    entity = rng.integers(1, ENTITIES, (ITEMS, K)) * (rng.random((ITEMS, K)) < 0.7)
    entity[[0, LONELY]] = 0
    model.set_table("neighbour_entity", entity)
    model.set_table("neighbour_relation", np.where(entity > 0, rng.integers(1, RELATIONS, (ITEMS, K)), 0))
    model.set_table("entity_ids", 100 + np.arange(ENTITIES))
    return model
