"""What a score owes to every item of a history and to every fact of the candidate: it is worked out again without it.

A model's own weights say where it looked. What it would say without an item is another question, and this is its
answer: exact, for all items in one batch. A model brings `Recommender.logits_keeping`, or `split` where its logit is a
sum over the history, and `facts`; docs/explanations.md has the formulas.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from keras import ops

from tfkgrec.models.in_turn import InTurn, by_turns
from tfkgrec.models.recommender import Recommender
from tfkgrec.types import Record, Tensor

SAMPLES = 64
"""Orders of a history that a Shapley value is averaged over."""
CHOICES_AT_ONCE = 256
"""Parts of a history that are scored in one call: bounds the memory."""
TOP_ITEMS = 3
"""Items of a history whose facts are left out, too: those that speak most for the answer."""


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
    top_item: Tensor | None = None  # the items that speak most for the answer [B, N]; 0: no more
    top_fact_relation: Tensor | None = None  # of each of them [B, N, F]
    top_fact_entity: Tensor | None = None  # as the dataset numbers them [B, N, F]; 0: none, or one without a name
    top_fact_contribution: Tensor | None = None  # in the logit [B, N, F]; 0 where padded
    top_fact_contribution_probability: Tensor | None = None  # in the probability


def contributions(
    model: Recommender, user: Tensor, item: Tensor, tables: Record | None = None, in_turn: InTurn | None = None
) -> Contributions:
    """By leaving out each for itself, for pairs user [B], item [B].

    Args:
        tables: as for `Recommender.explain`.
        in_turn: how to read histories without each item a few at a time, so that the memory does not grow with the
            pairs, nor with the square of a history's length; None: all in one call.
    """
    history, facts = model.read_history(user), model.facts(user, item, tables)
    lost = None if history is None else model.split(user, item, history, tables)
    if history is not None and lost is None:
        logit, lost, whole = _lost_without_each(model, user, item, history, tables, in_turn)
    else:
        logit = model.score_items(model.user_state(user, tables=tables), ops.expand_dims(item, 1))  # [B, 1]
        whole = None if lost is None else ops.sum(lost, axis=1, keepdims=True)
    found = Contributions()
    if history is not None:
        found = _of_history(model, history, logit, lost, whole)
        found = _with_top_items(model, user, item, logit, found, tables, in_turn)
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
    """As `contributions`, the history's by Shapley values over `samples` orders that `seed` draws."""
    found = contributions(model, user, item, tables)
    if found.history_item is None:
        return found
    drawn = np.random.default_rng(seed).random((samples, found.history_item.shape[1]))
    return by_orders(model, user, item, found, np.argsort(drawn, axis=1).astype(np.int32), tables, _in_turn)


def by_orders(
    model: Recommender,
    user: Tensor,
    item: Tensor,
    found: Contributions,
    place: Tensor,
    tables: Record | None,
    in_turn: InTurn,
) -> Contributions:
    """`found`, the history's contributions by Shapley values: what an item adds to those before it, over some orders.

    They sum to what the whole history adds. Of a logit that is a sum over the history every order says the same.

    Args:
        place: of every slot of the histories in every order, int32 [samples, T].
        in_turn: as in `contributions`.
    """
    history: Tensor = found.history_item
    if model.split(user, item, history, tables) is not None:
        return found._replace(contribution_error=ops.zeros_like(found.contribution))
    samples, steps = place.shape[0], place.shape[1] or ops.shape(place)[1]
    rows = ops.shape(history)[0]

    def logits(number: Tensor) -> Tensor:
        """[B, C]: of what comes before place number mod (T + 1) in order number / (T + 1)."""
        order = ops.minimum(number // (steps + 1), samples - 1)
        kept = ops.take(place, order, axis=0) < ops.expand_dims(number % (steps + 1), 1)  # [C, T]
        kept = ops.expand_dims(kept, 0)
        kept = ops.broadcast_to(kept, (rows, *ops.shape(kept)[1:]))
        return model.logits_keeping(user, item, history, kept, tables)

    logit = by_turns(logits, samples * (steps + 1), rows * steps, in_turn)
    logit = ops.reshape(logit, (-1, samples, steps + 1))
    added = logit[:, :, 1:] - logit[:, :, :-1]  # by place [B, samples, T]
    slots = ops.broadcast_to(ops.expand_dims(ops.convert_to_tensor(place), 0), ops.shape(added))
    added = ops.take_along_axis(added, slots, axis=2)  # by slot
    mean = ops.mean(added, axis=1)
    deviation = ops.std(added, axis=1) * (samples / max(samples - 1, 1)) ** 0.5
    return found._replace(
        contribution=mean,
        contribution_probability=lost_probability(model, logit[:, :1, -1], mean),
        contribution_error=deviation / samples**0.5,
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


def _in_turn(call: Callable[[Tensor], Tensor], times: Tensor) -> Tensor:
    """Not for a graph."""
    return ops.stack([call(number) for number in range(int(times))])


def _of_history(model: Recommender, history: Tensor, logit: Tensor, lost: Tensor, whole: Tensor) -> Contributions:
    """Of what logits [B, 1] lose without the item in each slot [B, T], and without all of them [B, 1]."""
    return Contributions(
        history_item=history,
        contribution=lost,
        contribution_probability=lost_probability(model, logit, lost),
        history_contribution=whole[:, 0],
        history_contribution_probability=lost_probability(model, logit, whole)[:, 0],
    )


def _lost_without_each(
    model: Recommender, user: Tensor, item: Tensor, history: Tensor, tables: Record | None, in_turn: InTurn | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits [B, 1], what they lose without the item in each slot of the histories [B, T], and without all [B, 1]."""
    rows, steps = ops.shape(history)[0], history.shape[1] or ops.shape(history)[1]

    def logits(gone: Tensor) -> Tensor:
        """[B, C]: without the item in slot gone [C], for T without any, for T + 1 with all."""
        gone = ops.expand_dims(gone, 1)
        kept = ops.logical_and(ops.not_equal(gone, ops.arange(steps, dtype="int32")), ops.not_equal(gone, steps))
        kept = ops.expand_dims(kept, 0)
        kept = ops.broadcast_to(kept, (rows, *ops.shape(kept)[1:]))
        return model.logits_keeping(user, item, history, kept, tables)

    found = by_turns(logits, steps + 2, rows * steps, in_turn)
    logit = found[:, -1:]
    return logit, ops.where(ops.not_equal(history, 0), logit - found[:, :-2], 0.0), logit - found[:, -2:-1]


def _with_top_items(
    model: Recommender,
    user: Tensor,
    item: Tensor,
    logit: Tensor,
    found: Contributions,
    tables: Record | None,
    in_turn: InTurn | None,
) -> Contributions:
    """And the facts of the items that speak most for the answer: for it where it is likely, against it where not."""
    speaks = ops.where(model.probability(logit) >= 0.5, 1.0, -1.0) * found.contribution  # [B, T]
    spare = [[0, 0], [0, TOP_ITEMS]]  # a history may be shorter
    most, slot = ops.top_k(ops.pad(speaks, spare), TOP_ITEMS)
    top = ops.take_along_axis(ops.pad(found.history_item, spare), ops.cast(slot, "int32"), axis=1)
    top = ops.where(most > 0, top, 0)
    facts = model.history_facts(user, item, top, tables, in_turn)
    if facts is None:
        return found
    lost = ops.reshape(facts.contribution, (-1, TOP_ITEMS * facts.contribution.shape[2]))
    return found._replace(
        top_item=top,
        top_fact_relation=facts.relation,
        top_fact_entity=facts.entity,
        top_fact_contribution=facts.contribution,
        top_fact_contribution_probability=ops.reshape(
            lost_probability(model, logit, lost), ops.shape(facts.contribution)
        ),
    )
