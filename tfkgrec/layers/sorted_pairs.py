"""Where a pair of ids stands in a sorted list of pairs: a binary search in 32 bits, on any backend."""

from keras import ops

from tfkgrec.types import Tensor


def place_of_pairs(one: Tensor, other: Tensor, offsets: Tensor, others: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """(place, found) [...] of pairs (one [...], other [...]) among those listed.

    The pairs of id u are (u, others[j]) for offsets[u] <= j < offsets[u + 1], others ascending there.

    Args:
        offsets: int32 [ids + 1].
        others: int32 [n], n > 0.
        longest: most pairs that an id has; the number of steps is its logarithm.
    """
    low, end = ops.take(offsets, one, axis=0), ops.take(offsets, one + 1, axis=0)
    high, last = end, others.shape[0] - 1
    for _ in range(int(longest).bit_length()):
        middle = (low + high) // 2
        smaller = ops.logical_and(low < high, ops.take(others, ops.minimum(middle, last), axis=0) < other)
        low, high = ops.where(smaller, middle + 1, low), ops.where(smaller, high, middle)
    place = ops.minimum(low, last)
    return place, ops.logical_and(low < end, ops.equal(ops.take(others, place, axis=0), other))
