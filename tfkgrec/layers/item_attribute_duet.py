"""HKRM's item-attribute duet (Sun et al. 2020, sections 2.2.4 and 2.4, eqs 6, 7, 10)."""

from typing import Any, Unpack

import keras
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor

LEVELS = ("both", "item", "attribute")


@keras.saving.register_keras_serializable("tfkgrec")
class ItemAttributeDuet(keras.layers.Layer):
    """Matches a query and a target at two levels, item and attribute.

    q_A = softmax(MLP(p(.|q))), t_A = softmax(MLP(p(.|t)))          (6, 7)   [..., d]
    rel = q_s.t_s + q_A.t_A + q_s.t_A + q_A.t_s                     (10)     [...]

    which is (q_s + q_A) . (t_s + t_A): a query and a target are each summed once, whatever they are matched with.

    Reading: one MLP for both sides, a tanh layer of width d and a linear one, then the softmax.

    Args:
        dim: d.
        level: "both"; "item" keeps q_s.t_s only (the ablation HKRM-Item), "attribute" q_A.t_A only (HKRM-Attr).

    Call arguments: query, target [..., d]; their distributions [..., A].
    Output: rel [...].
    """

    def __init__(self, dim: int, level: str = "both", **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if level not in LEVELS:
            raise ValueError(f"`level` should be one of {LEVELS}. Received: {level!r}")
        self.dim, self.level = dim, level
        with_mlp = level != "item"
        self.hidden: Any = keras.layers.Dense(dim, "tanh", dtype=self.dtype_policy, name="hidden") if with_mlp else None
        self.out: Any = keras.layers.Dense(dim, dtype=self.dtype_policy, name="out") if with_mlp else None

    def build(
        self, query_shape: Shape, target_shape: Shape, query_distribution_shape: Shape, *_: Shape, **__: Shape
    ) -> None:
        if self.hidden is not None:
            self.hidden.build(query_distribution_shape)
            self.out.build((*query_distribution_shape[:-1], self.dim))
        self.built = True

    def call(self, query: Tensor, target: Tensor, query_distribution: Tensor, target_distribution: Tensor) -> Tensor:
        return ops.sum(self.side(query, query_distribution) * self.side(target, target_distribution), axis=-1)

    def side(self, vector: Tensor, distribution: Tensor) -> Tensor:
        """q_s + q_A, or t_s + t_A; one of the two where the level leaves the other out [..., d]."""
        if self.level == "item":
            return vector
        attribute = self.attribute_level(distribution)
        return attribute if self.level == "attribute" else vector + attribute

    def attribute_level(self, distribution: Tensor) -> Tensor:
        """q_A or t_A [..., d] (eqs 6, 7)."""
        return ops.softmax(self.out(self.hidden(distribution)), axis=-1)

    def compute_output_shape(self, query_shape: Shape, *_: Shape) -> Shape:
        return query_shape[:-1]

    def get_config(self) -> Config:
        return {**super().get_config(), "dim": self.dim, "level": self.level}
