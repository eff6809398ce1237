"""DINK's knowledge aggregators (Zhang et al. 2023, section 3.2): an item seen through its graph neighbours."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.masked import masked_softmax
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


class Aggregator(keras.layers.Layer):
    """Base of the three aggregators: E(v) = act(W x + b) of some summary x of an entity and its neighbours (eq 1).

    Args:
        units: output width d.
        activation: act, any Keras activation.

    Call arguments:
        center: the entity's own vector v, [..., d].
        neighbours: neighbour entity vectors e_k, [..., K, d].
        relations: relation vectors r_k, [..., K, d].
        mask: bool [..., K], False for a missing neighbour. An entity without any is summarised as if the sum over
            neighbours were zero: finite, never NaN.

    Output: E(v) [..., units], and the neighbours' weights [..., K] (0 where masked), which explanations show.
    """

    def __init__(self, units: int, activation: str = "tanh", **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` should be at least 1. Received: {units}")
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, center_shape: Shape, neighbours_shape: Shape, *_: Shape, **__: Shape) -> None:
        self._build_projection(center_shape[-1])

    def _build_projection(self, width: int) -> None:
        self.kernel = self.add_weight(shape=(width, self.units), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def _project(self, summary: Tensor) -> Tensor:
        return self.activation(ops.matmul(summary, self.kernel) + self.bias)

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(
        self, center_shape: Shape, neighbours_shape: Shape, *_: Shape, **__: Shape
    ) -> tuple[Shape, Shape]:
        return (*center_shape[:-1], self.units), tuple(neighbours_shape[:-1])

    def get_config(self) -> Config:
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation}


@keras.saving.register_keras_serializable("tfkgrec")
class SumAggregator(Aggregator):
    """SUM (eq 2): E(v) = act(W (v + sum_k e_k) + b), W [d, units]."""

    def call(self, center: Tensor, neighbours: Tensor, relations: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        weights = ops.cast(mask, neighbours.dtype)  # [..., K]
        return self._project(center + _weighted_sum(weights, neighbours)), weights


@keras.saving.register_keras_serializable("tfkgrec")
class ConcatAggregator(Aggregator):
    """CONCAT (eq 3): E(v) = act(W [v || sum_k e_k] + b), W [2d, units]."""

    def build(self, center_shape: Shape, neighbours_shape: Shape, *_: Shape, **__: Shape) -> None:
        self._build_projection(2 * center_shape[-1])

    def call(self, center: Tensor, neighbours: Tensor, relations: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        weights = ops.cast(mask, neighbours.dtype)  # [..., K]
        return self._project(ops.concatenate([center, _weighted_sum(weights, neighbours)], axis=-1)), weights


@keras.saving.register_keras_serializable("tfkgrec")
class AttentionAggregator(Aggregator):
    """ATTENTION (eqs 4, 5): a_k = softmax_k(act(w_r . (e_k * r_k))); E(v) = act(W sum_k a_k e_k + b).

    Reading: W_r maps the elementwise product e_k * r_k [d] to one scalar per neighbour. Eq 5 has no centre term, so
    E(v) forgets which entity it was; `include_center=True` adds v to the weighted sum (not in the paper).

    Args:
        include_center: see above (default False, as the paper).
        score_activation: the act of eq 4 (default "leaky_relu"; the paper writes only sigma).
    """

    def __init__(
        self,
        units: int,
        activation: str = "tanh",
        include_center: bool = False,
        score_activation: str = "leaky_relu",
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(units, activation, **kwargs)
        self.include_center = include_center
        self.score_activation = keras.activations.get(score_activation)

    def build(self, center_shape: Shape, neighbours_shape: Shape, *_: Shape, **__: Shape) -> None:
        self._build_projection(center_shape[-1])
        self.relation_kernel = self.add_weight(
            shape=(center_shape[-1],), initializer=keras.initializers.RandomNormal(stddev=0.1), name="relation_kernel"
        )

    def call(self, center: Tensor, neighbours: Tensor, relations: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        scores = ops.sum(neighbours * relations * self.relation_kernel, axis=-1)  # [..., K]
        weights = masked_softmax(self.score_activation(scores), mask)  # (4) [..., K]
        summary = _weighted_sum(weights, neighbours)  # [..., d]
        if self.include_center:
            summary = summary + center
        return self._project(summary), weights  # (5)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "include_center": self.include_center,
            "score_activation": keras.activations.serialize(self.score_activation),
        }


def _weighted_sum(weights: Tensor, vectors: Tensor) -> Tensor:
    """sum_k weights[..., k] * vectors[..., k, :]; multiply-and-reduce, which XLA fuses."""
    return ops.sum(ops.expand_dims(weights, -1) * vectors, axis=-2)
