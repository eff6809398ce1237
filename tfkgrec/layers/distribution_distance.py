"""HKRM's distance loss between proximity distributions (Sun et al. 2020, section 2.3, eqs 8-9)."""

from keras import ops

from tfkgrec.layers.masked import normalise
from tfkgrec.types import Tensor

KINDS = ("cross_entropy", "positive_only", "contrastive", "none")
TINY = 1e-6


def shared_divergence(query: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """KL(p(.|q) || p(.|t)) over the fields that both sides have, each side summing to one over those.

    Over all fields it would measure which fields a graph happens to know.

    Args:
        query, target: distributions [..., A], zero where a side lacks the field.
        mask: bool [..., A], the fields that both have.

    Returns:
        [...], in nats; 0 where they share no field.
    """
    p, q = (normalise(x * ops.cast(mask, x.dtype)) for x in (query, target))
    return ops.sum(p * (ops.log(p + TINY) - ops.log(q + TINY)), axis=-1)


def shared_cross_entropy(query: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """-sum_j p(a_j|q) log p(a_j|t) in nats: `shared_divergence` and the entropy of p(.|q)."""
    p, q = (normalise(x * ops.cast(mask, x.dtype)) for x in (query, target))
    return -ops.sum(p * ops.log(q + TINY), axis=-1)


def distance_loss(divergence: Tensor, label: Tensor, weight: Tensor, kind: str, margin: float = 1.0) -> Tensor:
    """L_a, the mean over pairs of y D, for the distance D of their distributions.

    Reading: eq 9 is garbled. Every term of it is multiplied by y, so an irrelevant pair costs nothing, and it goes from
    the KL divergence ("positive_only") to -sum_j y p(a_j|q) log p(a_j|t) ("cross_entropy"): the caller's D.

    Not in the paper: "contrastive" adds (1 - y) max(0, margin - D), which pushes irrelevant pairs apart, up to the
    margin, which keeps it bounded. "none" is no loss.

    Args:
        divergence, label, weight: D, y and what a pair counts, of the same shape; pairs of weight 0 do not count.

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
