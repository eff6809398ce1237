"""RKAN's attention over the paths of a pair, and RKGE's maximum in its place (Cheng et al., III C, eqs 2, 3)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.masked import masked_mean_weights, masked_softmax
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

POOLINGS = ("attention", "max", "average")
SCALES = ("dk", "sqrt_dk")


@keras.saving.register_keras_serializable("tfkgrec")
class PathAttention(keras.layers.Layer):
    """The paths of a pair as one vector, and what each of them counts for.

    W = softmax(D D^T / d_k) over the paths, rows of the attended paths W D  (2)
    h = their mean over the real paths = sum_s weight_s D_s                   (3)
    weight_s = mean over the real rows r of W[r, s]; sums to one over the real paths

    Reading: eq 2 divides by d_k, not by its root: `scale` = "dk"; Q = K = V = D. Eq 3 does not say how S rows become
    one h: their mean. A pair without any path gets a learned vector. RKGE, the paper says, pools over the paths; public
    copies of its code take the maximum of their last states.

    Args:
        pooling: "attention"; "max", h_j = max_s D_sj over the real paths, RKGE's in place of eqs 2 and 3: weight_s is
            then the share of the d entries of h that path s gave; or "average": every real path counts the same.
        scale: "dk" or "sqrt_dk".

    Call arguments: D [G, M, S, d]; mask bool [G, M, S], which paths there are.
    Output: h [G, M, d], weight [G, M, S] (zeros for a pair without paths).
    """

    def __init__(self, pooling: str = "attention", scale: str = "dk", **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if pooling not in POOLINGS:
            raise ValueError(f"`pooling` should be one of {POOLINGS}. Received: {pooling!r}")
        if scale not in SCALES:
            raise ValueError(f"`scale` should be one of {SCALES}. Received: {scale!r}")
        self.pooling, self.scale = pooling, scale

    def build(self, paths_shape: Shape, *_: Shape, **__: Shape) -> None:
        self.no_path = self.add_weight(shape=(paths_shape[-1],), initializer="zeros", name="no_path")

    def call(self, paths: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        weight = masked_mean_weights(mask, keras.backend.standardize_dtype(paths.dtype))  # [G, M, S]
        if self.pooling == "attention":
            size = paths.shape[-1] if self.scale == "dk" else paths.shape[-1] ** 0.5
            scores = ops.matmul(paths, ops.swapaxes(paths, -1, -2)) / size  # [G, M, S, S]
            keys = ops.logical_and(ops.expand_dims(mask, -1), ops.expand_dims(mask, -2))
            attended = masked_softmax(scores, keys)  # (2)
            weight = ops.sum(ops.expand_dims(weight, -1) * attended, axis=-2)
        if self.pooling == "max":
            h, weight = _largest(paths, mask)
        else:
            h = ops.sum(ops.expand_dims(weight, -1) * paths, axis=-2)  # (3)
        none = ops.logical_not(ops.any(mask, axis=-1, keepdims=True))
        return h + ops.cast(none, h.dtype) * self.no_path, weight

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(self, paths_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return (*paths_shape[:2], paths_shape[-1]), paths_shape[:3]

    def get_config(self) -> Config:
        return {**super().get_config(), "pooling": self.pooling, "scale": self.scale}


def _largest(paths: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The largest of every entry over the real paths [G, M, d], and how many of them each path gave [G, M, S].

    A pair without any path gives zeros.
    """
    real = ops.expand_dims(mask, -1)  # [G, M, S, 1]
    least = -3e4 if keras.backend.standardize_dtype(paths.dtype) == "float16" else -1e9
    h = ops.max(ops.where(real, paths, least), axis=-2, keepdims=True)
    gave = ops.cast(ops.logical_and(real, ops.equal(paths, h)), paths.dtype)
    share = gave / ops.maximum(ops.sum(gave, axis=-2, keepdims=True), 1.0)  # paths that are equal share an entry
    return ops.where(ops.any(mask, axis=-1, keepdims=True), h[..., 0, :], 0.0), ops.mean(share, axis=-1)
