"""What a score owes to every item of a history and to every fact of the candidate: it is worked out again without it.

A model's own weights say where it looked. What it would say without an item is another question, and this is its
answer: exact, for all items in one batch. A model brings `Recommender.logits_keeping`, or `split` where its logit is a
sum over the history, and `facts`; docs/explanations.md has the formulas.
"""

from typing import NamedTuple

import numpy as np
from keras import ops

from tfkgrec.models.recommender import Recommender, without_each
from tfkgrec.types import Record, Tensor

SAMPLES = 64
"""Orders of a history that a Shapley value is averaged over."""
CHOICES_AT_ONCE = 256
"""Parts of a history that are scored in one call: bounds the memory."""


class Contributions(NamedTuple):
    """Of pairs [B]. A field is None where a model has nothing of the kind: no history, or no facts."""

    history_item: Tensor | None = None  # [B, T], 0 pads
    contribution: Tensor | None = None  # of each item, in the logit [B, T]; 0 where padded
    contribution_probability: Tensor | None = None  # the same in the probability
    contribution_error: Tensor | None = None  # standard error of a sampled contribution [B, T]
    history_contribution: Tensor | None = None  # of all items together, in the logit [B]
    history_contribution_probability: Tensor | None = None  # in the probability
    fact_relation: Tensor | None = None  # [B, F]
    fact_entity: Tensor | None = None  # as the dataset numbers them [B, F]
    fact_contribution: Tensor | None = None  # in the logit [B, F]; 0 where padded
    fact_contribution_probability: Tensor | None = None  # in the probability


def contributions(model: Recommender, user: Tensor, item: Tensor, tables: Record | None = None) -> Contributions:
    """By leaving out one after the other, for pairs user [B], item [B]; `tables` as for `Recommender.explain`."""
    logit = model.score_items(model.user_state(user, tables=tables), ops.expand_dims(item, 1))  # [B, 1]
    history = model.read_history(user)
    found = Contributions() if history is None else _of_history(model, user, item, history, logit, tables)
    facts = model.facts(user, item, tables)
    if facts is None:
        return found
    return found._replace(
        fact_relation=facts.relation,
        fact_entity=facts.entity,
        fact_contribution=facts.contribution,
        fact_contribution_probability=lost_probability(model, logit, facts.contribution),
    )


def shapley(
    model: Recommender, user: Tensor, item: Tensor, tables: Record | None = None, samples: int = SAMPLES, seed: int = 0
) -> Contributions:
    """As `contributions`, the history's by Shapley values: what an item adds to those before it, over random orders.

    They sum to what the whole history adds. Not for a graph: the number of calls follows from the histories' lengths.
    """
    found, history = contributions(model, user, item, tables), model.read_history(user)
    if history is None or model.split(user, item, history, tables) is not None:
        return found  # of a sum every order says the same
    steps, rng = history.shape[1], np.random.default_rng(seed)
    ranks = np.argsort(rng.random((samples, steps)), axis=1)  # the place of every slot in every order
    kept = ranks[:, None] < np.arange(steps + 1)[:, None]  # [samples, T + 1, T]: what comes before each place
    logits = logits_in_parts(model, user, item, history, kept.reshape(-1, steps), tables)
    added = np.diff(logits.reshape(len(logits), samples, steps + 1), axis=2)  # by place
    added = np.take_along_axis(added, np.broadcast_to(ranks, added.shape), axis=2)  # by slot
    mean, error = added.mean(axis=1), added.std(axis=1, ddof=1) / np.sqrt(samples)
    logit = model.score_items(model.user_state(user, tables=tables), ops.expand_dims(item, 1))
    return found._replace(
        contribution=ops.convert_to_tensor(mean, "float32"),
        contribution_probability=lost_probability(model, logit, ops.convert_to_tensor(mean, "float32")),
        contribution_error=ops.convert_to_tensor(error, "float32"),
    )


def logits_in_parts(
    model: Recommender, user: Tensor, item: Tensor, history: Tensor, kept: np.ndarray, tables: Record | None = None
) -> np.ndarray:
    """`Recommender.logits_keeping` of many choices, `kept` [M, T] for all pairs or [B, M, T], in calls of a few."""
    rows = len(np.asarray(user))
    kept = np.broadcast_to(kept, (rows, *kept.shape[-2:]))
    parts = [
        np.asarray(model.logits_keeping(user, item, history, kept[:, start : start + CHOICES_AT_ONCE], tables))
        for start in range(0, kept.shape[1], CHOICES_AT_ONCE)
    ]
    return np.concatenate(parts, axis=1)


def lost_probability(model: Recommender, logit: Tensor, lost: Tensor) -> Tensor:
    """What the probabilities of logits [B, 1] lose when these lose `lost` [B, N]."""
    return model.probability(logit) - model.probability(logit - lost)


def _of_history(
    model: Recommender, user: Tensor, item: Tensor, history: Tensor, logit: Tensor, tables: Record | None
) -> Contributions:
    lost = model.split(user, item, history, tables)
    if lost is None:
        steps = history.shape[1] or ops.shape(history)[1]
        each = without_each(steps)  # [T + 1, T], the last row keeps all
        choices = ops.concatenate([each, ops.zeros_like(each[:1])], axis=0)
        kept = ops.broadcast_to(ops.expand_dims(choices, 0), (ops.shape(history)[0], steps + 2, steps))
        logits = model.logits_keeping(user, item, history, kept, tables)  # [B, T + 2]
        lost = ops.where(ops.not_equal(history, 0), logit - logits[:, :steps], 0.0)
        whole = logit[:, 0] - logits[:, -1]
    else:
        whole = ops.sum(lost, axis=1)
    return Contributions(
        history_item=history,
        contribution=lost,
        contribution_probability=lost_probability(model, logit, lost),
        history_contribution=whole,
        history_contribution_probability=lost_probability(model, logit, ops.expand_dims(whole, 1))[:, 0],
    )
