"""The two sides of a product, each with a place more, so that the item's bias is part of it: <(u, 1), (v, b)>."""

from keras import ops

from tfkgrec.types import Tensor


def item_side(vector: Tensor, bias: Tensor | None = None) -> Tensor:
    """(v, b) [n, d + 1] of v [n, d] and b [n]; None: 0."""
    bias = ops.zeros_like(vector[:, 0]) if bias is None else ops.broadcast_to(bias, ops.shape(vector)[:1])
    return ops.concatenate([vector, ops.expand_dims(ops.cast(bias, vector.dtype), 1)], axis=1)


def user_side(vector: Tensor) -> Tensor:
    """(u, 1) [G, d + 1] of u [G, d]."""
    return ops.concatenate([vector, ops.ones_like(vector[:, :1])], axis=1)
