"""HKRM's item-attribute duet (Sun et al. 2020, sections 2.2.4 and 2.4, eqs 6, 7, 10)."""

from typing import Any, Unpack

import keras
from keras import ops

from tfkgrec.types import Config, LayerOptions, Shape, Tensor

LEVELS = ("both", "item", "attribute")
OUTPUTS = ("linear", "softmax")


@keras.saving.register_keras_serializable("tfkgrec")
class ItemAttributeDuet(keras.layers.Layer):
    """Matches a query and a target at two levels, item and attribute.

    q_A = MLP(p(.|q)), t_A = MLP(p(.|t))                            (6, 7)   [..., d]
    rel = q_s.t_s + q_A.t_A + q_s.t_A + q_A.t_s                     (10)     [...]

    which is (q_s + q_A) . (t_s + t_A): a query and a target are each summed once, whatever they are matched with.

    Reading: one MLP for both sides, a tanh layer of width d and a linear one. The paper's softmax, added "to ensure a
    probabilistic input", is that of the MLP's input, which the distributions of eqs 4 and 5 are already. On its output
    it would keep q_A.t_A between 0 and 1, so that HKRM-Attr could call no pair less likely than one half.

    Args:
        dim: d.
        level: "both"; "item" keeps q_s.t_s only (the ablation HKRM-Item), "attribute" q_A.t_A only (HKRM-Attr).
        output: of the MLP: "linear", or "softmax", as a model has it that names none: our first reading.

    Call arguments: query, target [..., d]; their distributions [..., A].
    Output: rel [...].
    """

    def __init__(self, dim: int, level: str = "both", output: str = "softmax", **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if level not in LEVELS:
            raise ValueError(f"`level` should be one of {LEVELS}. Received: {level!r}")
        if output not in OUTPUTS:
            raise ValueError(f"`output` should be one of {OUTPUTS}. Received: {output!r}")
        self.dim, self.level, self.output_kind = dim, level, output
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
        out = self.out(self.hidden(distribution))
        return ops.softmax(out, axis=-1) if self.output_kind == "softmax" else out

    def compute_output_shape(self, query_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return query_shape[:-1]

    def get_config(self) -> Config:
        return {**super().get_config(), "dim": self.dim, "level": self.level, "output": self.output_kind}
