"""A LightGCN small enough to follow: its graph written down, its weights drawn at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.models.small import settings_of
from tfkgrec.models.lightgcn.model import GraphSizes, LightGCN
from tfkgrec.models.lightgcn.settings import LightgcnSettings

USERS, ITEMS, ENTITIES, D = 6, 7, 10, 3
EMPTY = 5  # a user who likes nothing; 0 is the unknown one
NAMED_FEW = 2
LIKES = ((1, 1), (1, 2), (1, 4), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3), (3, 5), (4, 6))
FACTS = ((1, 7), (2, 7), (3, 8), (4, 8), (5, 8), (5, 9), (6, 9), (2, 3))  # the last one joins two items

Pairs = Sequence[tuple[int, int]]


def lightgcn(likes: Pairs = LIKES, facts: Pairs = FACTS, seed: int = 0, **settings: Any) -> LightGCN:
    """A built model over these edges. Weights depend on the seed alone, row 0 of every table is filled, too."""
    user, item = np.array(sorted(likes)).T
    count = np.bincount(user, minlength=USERS)
    sizes = GraphSizes(USERS, ITEMS, ENTITIES, len(likes), len(facts), int(count.max()))
    model = LightGCN.from_settings(
        sizes, settings_of(LightgcnSettings, **{"dim": D, "num_layers": 3, "l2": 0.0, **settings})
    )
    model.build()
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(0.7 * rng.normal(size=weight.shape))
    model.set_table("like_offsets", np.concatenate([[0], np.cumsum(count)]))
    model.set_table("like_user", user)
    model.set_table("like_item", item)
    if facts:
        model.set_table("fact_item", np.array(facts)[:, 0])
        model.set_table("fact_entity", np.array(facts)[:, 1])
    return model


def slow_logits(
    model: LightGCN, user: np.ndarray, item: np.ndarray, likes: Pairs = LIKES, facts: Pairs = FACTS
) -> np.ndarray:
    """Logits [G, M] by the equations, edge by edge, from the model's weights and a graph of these edges."""
    x = np.concatenate([np.asarray(e.embeddings) for e in (model.user_embedding, model.entity_embedding)])
    edges = [(u, USERS + i, 1.0) for u, i in likes] + [(USERS + i, USERS + e, model.fact_weight) for i, e in facts]
    degree = np.zeros(len(x))
    for a, b, weight in edges:
        degree[a] += weight
        degree[b] += weight
    total = x.copy()
    for _ in range(model.num_layers):
        after = np.zeros_like(x)
        for a, b, weight in edges:
            after[a] += weight * x[b] / np.sqrt(degree[a] * degree[b])
            after[b] += weight * x[a] / np.sqrt(degree[a] * degree[b])
        x = after
        total += x
    z = total / (model.num_layers + 1)
    known = [u for u in range(USERS) if any(u == liker for liker, _ in LIKES)]
    z[[u for u in range(USERS) if u not in known]] = z[known].mean(axis=0)
    logits = np.empty(item.shape)
    for g, m in np.ndindex(*item.shape):
        logits[g, m] = z[user[g]] @ z[USERS + item[g, m]] + float(model.bias)
        if model.item_bias is not None:
            logits[g, m] += float(model.item_bias.embeddings[item[g, m], 0])
    return logits
