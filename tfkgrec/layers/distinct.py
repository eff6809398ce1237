"""What a batch names, once each, in shapes that are known beforehand: no step works on what it does not look up."""

from typing import NamedTuple

from keras import ops

from tfkgrec.types import Tensor


class Distinct(NamedTuple):
    """Ids without repetition, in as many places as there were ids."""

    ids: Tensor  # [n], ascending, then zeros
    place: Tensor  # where each of the ids that were given stands in them [n]


class Spread(NamedTuple):
    """Lists of several lengths, one behind the other."""

    owner: Tensor  # whose list a place belongs to [room]
    step: Tensor  # the how manieth of it, from 0 [room]
    there: Tensor  # bool [room]; the places behind the last list are nobody's


def distinct(ids: Tensor) -> Distinct:
    """Of int32 [n], by sorting: nothing of it depends on how many are distinct, as XLA asks for."""
    n = ids.shape[0]
    order = ops.argsort(ids)
    ascending = ops.take(ids, order)
    first = ops.pad(ops.not_equal(ascending[1:], ascending[:-1]), [[1, 0]], constant_values=True)
    place = ops.cumsum(ops.cast(first, "int32")) - 1
    return Distinct(
        ids=ops.segment_sum(ops.where(first, ascending, 0), place, num_segments=n),
        place=ops.segment_sum(place, order, num_segments=n),  # a permutation: no two are added
    )


def spread(counts: Tensor, room: int) -> Spread:
    """Where lists of lengths int32 [n] lie, which sum to `room` at most."""
    ends = ops.cumsum(counts)
    starts, place = ends - counts, ops.arange(room, dtype="int32")
    begun = ops.segment_sum(ops.ones_like(counts), ops.minimum(starts, room), num_segments=room + 1)
    owner = ops.cumsum(begun)[:room] - 1
    return Spread(owner, place - ops.take(starts, owner), place < ends[-1])


def fullest(lengths: list[int]) -> list[int]:
    """What the 1, 2, 4, ... longest of some lists hold together, the last number being for all of them.

    `most_of` reads from it how much a batch can have to do with, whichever lists it names.
    """
    ranked = sorted(lengths, reverse=True)
    sums, size, found = [0], 1, []
    for length in ranked:
        sums.append(sums[-1] + int(length))
    while size < len(ranked):
        found.append(sums[size])
        size *= 2
    return [*found, sums[-1]]


def most_of(sums: list[int], n: int) -> int:
    """No `n` of the lists of `fullest` hold more together: that of the next power of two, or less where it can tell.

    Beyond 2^k lists none is longer than those before it are in the mean.
    """
    k = max(n, 1).bit_length() - 1  # 2^k <= n
    if k >= len(sums) - 1:
        return sums[-1]
    before = sums[k - 1] if k else 0
    mean = (sums[k] - before) / max(1, 2**k - 2**k // 2)
    return min(sums[k + 1], sums[k] + int((n - 2**k) * mean) + 1)
