"""Softmax and mean under a mask: finite, with zeros for a row whose mask is all False."""

import keras
from keras import ops

from tfkgrec.types import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, axis: int = -1) -> Tensor:
    """Softmax over the entries where `mask` (bool, same shape) is True; the others get weight 0.

    A row without any True gives zeros, and finite (zero) gradients.
    """
    dtype = keras.backend.standardize_dtype(scores.dtype)
    keep = ops.cast(mask, dtype)
    scores = ops.where(mask, scores, -3e4 if dtype == "float16" else -1e9)  # below any score, above float16's -inf
    exp = ops.exp(scores - ops.stop_gradient(ops.max(scores, axis=axis, keepdims=True))) * keep
    return normalise(exp, axis)


def normalise(weights: Tensor, axis: int = -1) -> Tensor:
    """Weights over their sum along `axis`; zeros stay zeros where all of them are."""
    total = ops.sum(weights, axis=axis, keepdims=True)
    return weights / ops.where(total > 0, total, ops.ones_like(total))


def masked_mean_weights(mask: Tensor, dtype: str = "float32") -> Tensor:
    """Weights over the last axis that sum to 1 where `mask` has a True, else all 0."""
    keep = ops.cast(mask, dtype)
    return keep / ops.maximum(ops.sum(keep, axis=-1, keepdims=True), 1.0)


def masked_mean(vectors: Tensor, mask: Tensor) -> Tensor:
    """Mean [..., d] over the K vectors [..., K, d] where mask [..., K] is True; zeros where it is so nowhere."""
    weights = masked_mean_weights(mask, keras.backend.standardize_dtype(vectors.dtype))
    return ops.sum(ops.expand_dims(weights, -1) * vectors, axis=-2)


def visible_mean(steps: Tensor, visible: Tensor) -> Tensor:
    """Mean [G, M, d] of the history's vectors [G, T, d] that each candidate may see, visible [G, M, T]."""
    return ops.matmul(masked_mean_weights(visible, keras.backend.standardize_dtype(steps.dtype)), steps)


def leave_out(history: Tensor, item: Tensor, left_out: Tensor | None = None) -> Tensor:
    """Which history items each pair may see: never the candidate itself ("Leave the target out, without a trace").

    Args:
        history: item ids [G, T], 0 pads.
        item: candidate ids [G, M].
        left_out: slot [G, M] that a pair loses whose candidate is not in the history, so that lengths tell nothing
            about labels; None (evaluation, serving) takes nothing away. Or what else a pair loses, bool [G, M, T].

    Returns:
        bool [G, M, T].
    """
    held = ops.expand_dims(ops.not_equal(history, 0), 1)  # [G, 1, T]
    hit = ops.equal(ops.expand_dims(history, 1), ops.expand_dims(item, 2))  # [G, M, T]
    if left_out is None:
        return ops.logical_and(held, ops.logical_not(hit))
    if len(left_out.shape) == 3:
        return ops.logical_and(held, ops.logical_not(ops.logical_or(hit, left_out)))
    slot = ops.reshape(ops.arange(history.shape[1] or ops.shape(history)[1], dtype="int32"), (1, 1, -1))
    drawn = ops.equal(slot, ops.expand_dims(left_out, 2))
    gone = ops.where(ops.any(hit, axis=2, keepdims=True), hit, drawn)
    return ops.logical_and(held, ops.logical_not(gone))
