"""HKRM's distance loss between proximity distributions (papers/hkrm.txt, section 2.3, eqs 8-9)."""

from typing import Any

from keras import ops

KINDS = ("contrastive", "positive_only", "none")
TINY = 1e-6


def shared_divergence(query: Any, target: Any, mask: Any) -> Any:
    """KL(p(.|q) || p(.|t)) over the fields that both sides have, each side summing to one over those.

    Over all fields it would measure which fields a graph happens to know.

    Args:
        query, target: distributions [..., A], zero where a side lacks the field.
        mask: bool [..., A], the fields that both have.

    Returns:
        [...], in nats; 0 where they share no field.
    """
    p, q = (_renormalise(x, mask) for x in (query, target))
    return ops.sum(p * (ops.log(p + TINY) - ops.log(q + TINY)), axis=-1)


def distance_loss(divergence: Any, label: Any, weight: Any, kind: str, margin: float = 1.0) -> Any:
    """L_a, the mean over pairs of y KL + (1 - y) max(0, margin - KL).

    Reading: eq 9 is garbled. The second term pushes irrelevant pairs apart, up to the margin, which keeps it bounded;
    "positive_only" leaves it out, "none" is no loss.

    Args:
        divergence, label, weight: same shape; pairs of weight 0 do not count.

    Returns:
        A scalar, 0 where no pair counts.
    """
    if kind not in KINDS:
        raise ValueError(f"`kind` should be one of {KINDS}. Received: {kind!r}")
    if kind == "none":
        return ops.zeros(())
    each = label * divergence
    if kind == "contrastive":
        each = each + (1.0 - label) * ops.relu(margin - divergence)
    return ops.sum(each * weight) / ops.maximum(ops.sum(weight), TINY)


def _renormalise(distribution: Any, mask: Any) -> Any:
    kept = distribution * ops.cast(mask, distribution.dtype)
    total = ops.sum(kept, axis=-1, keepdims=True)
    return kept / ops.where(total > 0, total, ops.ones_like(total))
