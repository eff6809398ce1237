"""RKAN's recurrent network batch: one LSTM over all paths at once (Cheng et al., III B, eq 1)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class PathEncoder(keras.layers.Layer):
    """The last state D_s of an LSTM over the nodes of every path (eq 1).

    Gates update, forget, output and the candidate state C', with C_t = update * C' + forget * C_{t-1} and
    D = output * tanh(C_T). All paths share the weights, and there is no loop over paths.

    The paths of a user start with the user, those of a pair end with the item: the first step is done once per user,
    the last input is projected once per pair, and broadcasting does the rest.

    Reading: eq 1 is an LSTM's cell state; the paper names no output gate and takes an LSTM, so D is the LSTM's output.

    Args:
        units: width of D.

    Call arguments:
        user: vectors of the first nodes [G, d].
        middle: of the nodes between [G, M, S, W, d]; W is 2 for paths of 3 edges.
        item: of the last nodes [G, M, d].
        mask: bool [G, M, S, W]; False is no node, and the step leaves the state as it is.

    Output: D [G, M, S, units].
    """

    def __init__(self, units: int, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` should be at least 1. Received: {units}")
        self.units = units

    def build(self, user_shape: Shape, middle_shape: Shape, *_: Shape, **__: Shape) -> None:
        u = self.units
        self.kernel = self.add_weight(shape=(user_shape[-1], 4 * u), initializer="glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(u, 4 * u), initializer="orthogonal", name="recurrent_kernel")
        self.bias = self.add_weight(shape=(4 * u,), initializer=_forget_first, name="bias")

    def call(self, user: Tensor, middle: Tensor, item: Tensor, mask: Tensor) -> Tensor:
        first = ops.matmul(user, self.kernel) + self.bias  # [G, 4u]
        c = ops.expand_dims(ops.expand_dims(ops.zeros_like(first[:, : self.units]), 1), 1)
        h, c = self._step(first[:, None, None], c)  # [G, 1, 1, u]
        for w in range(middle.shape[3]):
            step = ops.matmul(middle[:, :, :, w], self.kernel) + self.bias  # [G, M, S, 4u]
            new_h, new_c = self._step(step + ops.matmul(h, self.recurrent_kernel), c)
            keep = ops.expand_dims(mask[:, :, :, w], -1)  # [G, M, S, 1]
            h, c = ops.where(keep, new_h, h), ops.where(keep, new_c, c)  # [G, M, S, u]
        last = ops.matmul(item, self.kernel) + self.bias  # [G, M, 4u]
        return self._step(last[:, :, None] + ops.matmul(h, self.recurrent_kernel), c)[0]

    def _step(self, projected: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Gates in Keras' order: update, forget, candidate, output."""
        update, forget, candidate, output = ops.split(projected, 4, axis=-1)
        c = ops.sigmoid(update) * ops.tanh(candidate) + ops.sigmoid(forget) * c  # (1)
        return ops.sigmoid(output) * ops.tanh(c), c

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(self, user_shape: Shape, middle_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return (*middle_shape[:3], self.units)

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units}


def _forget_first(shape: Shape, dtype: str | None = None) -> Tensor:
    """0, and 1 for the forget gate, as Keras' LSTM starts."""
    quarter = ops.arange(shape[0]) // (shape[0] // 4)
    return ops.cast(quarter == 1, dtype or keras.config.floatx())
