"""Where an id, or a pair of ids, stands in a sorted list: a binary search in 32 bits, on any backend."""

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
    first = first_not_below(others, other, low, end, longest)
    place = ops.minimum(first, others.shape[0] - 1)
    return place, ops.logical_and(first < end, ops.equal(ops.take(others, place, axis=0), other))


def first_not_below(ascending: Tensor, wanted: Tensor, low: Tensor, high: Tensor, longest: int) -> Tensor:
    """The first place in [low, high) of `ascending` [n] whose number is not below `wanted`; `high` where none is.

    All but the list have one shape; no stretch from `low` to `high` is longer than `longest`.
    """
    last = ascending.shape[0] - 1
    for _ in range(int(longest).bit_length()):
        middle = (low + high) // 2
        smaller = ops.logical_and(low < high, ops.take(ascending, ops.minimum(middle, last), axis=0) < wanted)
        low, high = ops.where(smaller, middle + 1, low), ops.where(smaller, high, middle)
    return low
