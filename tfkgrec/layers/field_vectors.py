"""HKRM's attribute field vectors (Sun et al. 2020, section 2.2.2, eq 3)."""

from keras import ops

from tfkgrec.types import Tensor

COMBINE = ("mean", "sum")


def field_vectors(values: Tensor, value_slot: Tensor, num_slots: int, combine: str = "mean") -> Tensor:
    """o_j^e = sum_k h_jk, the vector of a field of an item out of the vectors of its values (eq 3).

    Not in the paper: "mean" instead of "sum", since a film has one to six genres.

    Args:
        values: h of every value [N, d].
        value_slot: which (item, field) each value belongs to, int32 [N]; 1 to num_slots - 1.
        num_slots: slots with slot 0, which is none.

    Returns:
        [num_slots, d]; slot 0 is zeros.
    """
    if combine not in COMBINE:
        raise ValueError(f"`combine` should be one of {COMBINE}. Received: {combine!r}")
    total = ops.segment_sum(values, value_slot, num_segments=num_slots)
    if combine == "sum":
        return total
    count = ops.segment_sum(ops.ones_like(values[:, 0]), value_slot, num_segments=num_slots)
    return total / ops.expand_dims(ops.maximum(count, 1.0), -1)
