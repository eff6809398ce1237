"""The knowledge-graph term of EKPNet's loss (Zhang et al. 2022, eqs 22, 24)."""

from keras import ops

from tfkgrec.types import Tensor


def triple_loss(head: Tensor, relation: Tensor, tail: Tensor, exists: Tensor, margin: float = 1.0) -> Tensor:
    """Mean over triples of (1 - sigmoid(s(h, r, t)))^2 + sigmoid(s(corrupted))^2 (22), with TransE's s.

    Reading: the paper's sigma(v_h + v_r - v_t) is a vector; s = margin - |v_h + v_r - v_t|^2 is a scalar plausibility,
    so that I = 1 wants it high and I = 0 low. True triples are those of the batch, of which there are more than pairs;
    their mean keeps lambda1 from depending on how many. A corrupted triple takes its tail (every other triple: its
    head) from the same place of the batch's next user, whose rows are shuffled: no further lookup. Where that is the
    same entity, or there is none, nothing is corrupted.

    Args:
        head, relation, tail: vectors [G, P, N, d].
        exists: bool [G, P, N].

    Returns:
        A scalar, 0 without triples.
    """
    dtype = head.dtype
    true = ops.sigmoid(margin - ops.sum(ops.square(head + relation - tail), axis=-1))  # [G, P, N]
    other_head, other_tail = ops.roll(head, 1, axis=0), ops.roll(tail, 1, axis=0)
    even = ops.reshape(ops.equal(ops.arange(head.shape[2] or ops.shape(head)[2], dtype="int32") % 2, 0), (1, 1, -1, 1))
    difference = ops.where(even, head - other_tail, other_head - tail) + relation
    false = ops.sigmoid(margin - ops.sum(ops.square(difference), axis=-1))
    changed = ops.where(even, tail - other_tail, head - other_head)
    both = ops.logical_and(exists, ops.roll(exists, 1, axis=0))
    corrupted = ops.logical_and(both, ops.any(ops.not_equal(changed, 0), axis=-1))
    total = ops.sum(ops.square(1 - true) * ops.cast(exists, dtype))
    total = total + ops.sum(ops.square(false) * ops.cast(corrupted, dtype))
    return total / ops.maximum(ops.sum(ops.cast(exists, dtype)), 1.0)
