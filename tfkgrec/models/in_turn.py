"""Many choices scored a few at a time, so that memory grows neither with the pairs nor with a history's length."""

from collections.abc import Callable
from typing import TypeAlias

from keras import ops

from tfkgrec.types import Tensor

SLOTS_AT_ONCE = 1 << 14
"""Of all histories that are read in one call."""

InTurn: TypeAlias = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]
"""Of (f, n): f(0), .., f(n - 1), one after the other, stacked; in a graph whose sizes are not known beforehand."""


def by_turns(logits: Callable[[Tensor], Tensor], choices: Tensor, slots: Tensor, in_turn: InTurn | None) -> Tensor:
    """`logits` [B, C] of the numbers [C] of some choices -> of all of them [B, `choices`].

    What it gives of numbers past the last choice is not read.

    Args:
        slots: of histories, that one choice has to read.
        in_turn: None: all in one call.
    """
    if in_turn is None:
        return logits(ops.arange(choices, dtype="int32"))
    count = ops.clip(SLOTS_AT_ONCE // ops.maximum(slots, 1), 1, choices)
    parts = in_turn(lambda turn: logits(turn * count + ops.arange(count, dtype="int32")), -(-choices // count))
    rows = ops.shape(parts)[1]
    return ops.reshape(ops.transpose(parts, (1, 0, 2)), (rows, -1))[:, :choices]  # of [n, B, C]
