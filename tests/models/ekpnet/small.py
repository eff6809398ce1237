"""An EKPNet small enough to follow, with weights and side tables drawn at random."""

from typing import Any

import numpy as np

from tests.models.small import EMPTY, ITEMS, LONELY, USERS, settings_of
from tfkgrec.models.ekpnet.model import EKPNet, EkpnetSizes
from tfkgrec.models.ekpnet.settings import EkpnetSettings

ENTITIES, RELATIONS, D, T, P, N = 14, 4, 3, 5, 2, 3  # N: triples of a hop and history item
EXTRAS = (
    *("residual_semantics", "item_bias", "attribute_bias", "history_hop"),
    *("item_attributes", "user_item_dot", "ripple_item_dot"),
)
EVERYTHING: dict[str, Any] = dict.fromkeys(EXTRAS, True)
WITHOUT_LAMBDAS = dict.fromkeys([f"{stage}lambda{n}" for stage in ("", "first_") for n in (1, 2, 3)], 0.0)
LAMBDAS = {"lambda1": 0.3, "lambda2": 0.02, "lambda3": 0.05, "l2": 0.04}


def ekpnet(seed: int = 0, **settings: Any) -> EKPNet:
    """A built model. Row 0 of every table of vectors is filled, too: masks have to hold, not zeros."""
    rng = np.random.default_rng(seed)
    plain = {"dim": D, "history_length": T, "triples_per_item": N, "num_hops": P, **WITHOUT_LAMBDAS}
    sizes = EkpnetSizes(USERS, ITEMS, ENTITIES, RELATIONS)
    model = EKPNet.from_settings(sizes, settings_of(EkpnetSettings, **{**plain, **settings}))
    model.build()
    for weight in model.trainable_weights:
        weight.assign(0.7 * rng.normal(size=weight.shape))

    history = np.zeros((USERS, model.history_length), int)
    for user in range(1, EMPTY):
        count = rng.integers(1, model.history_length + 1)
        history[user, :count] = rng.permutation(np.arange(1, ITEMS))[:count]
    shape = (ITEMS, model.num_hops, model.triples_per_item)
    head, tail = rng.integers(1, ENTITIES, (2, *shape))
    there = rng.random(shape) < 0.7
    there[0] = there[LONELY] = False
    triples = np.stack([head, rng.integers(1, RELATIONS, shape), tail], axis=2) * there[:, :, None]
    model.set_table("history", history)
    model.set_table("ripples", triples)
    model.set_table("entity_ids", 100 + np.arange(ENTITIES))
    return model
