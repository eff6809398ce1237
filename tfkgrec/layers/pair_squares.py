"""The squared vectors of a batch, as a regulariser weighs them."""

from collections.abc import Sequence

from keras import ops

from tfkgrec.types import Tensor


def pair_squares(item: Tensor, vectors: Sequence[Tensor], once: Tensor | float = 0.0) -> Tensor:
    """Mean over the labelled pairs of sum_v |v|^2, as the cross-entropy is a mean over pairs.

    Args:
        item: ids [G, M]; 0 is no pair.
        vectors: of the pairs, [G, M, d] or, what all pairs of a row share, [G, 1, d].
        once: sum of the squares of what is there once a row, added before the division.

    Returns:
        A scalar.
    """
    real = ops.cast(ops.not_equal(item, 0), vectors[0].dtype)  # [G, M]
    total = once
    for each in vectors:
        total = total + ops.sum(ops.sum(ops.square(each), axis=-1) * real)
    return total / ops.maximum(ops.sum(real), 1.0)
