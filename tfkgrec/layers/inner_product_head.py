"""The inner product beside a paper's own logit, with what belongs to it: none of it is in the papers."""

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

import keras
from keras import ops

from tfkgrec.layers.embedding import BIAS_SPREAD, Embedding, normal_embedding
from tfkgrec.layers.masked import masked_mean
from tfkgrec.layers.pair_squares import pair_squares
from tfkgrec.types import Config, LayerOptions, Tensor

SETTINGS = (
    *("item_bias", "attribute_bias", "item_attributes", "dropout"),
    *("user_item_dot", "interest_item_dot", "history_item_dot"),
)
"""Arguments that models' settings name as the head does."""


@keras.saving.register_keras_serializable("tfkgrec")
class InnerProductHead(keras.layers.Layer):
    """Adds <u, v> + b_i + sum_a b_a to a model's logit: whatever of it is switched on.

    v is the item's vector. u is the sum of those vectors of the user's side that are switched on, under dropout. The
    model owns the vectors and says which they are; the head owns the biases.

    Args:
        item_bias: b_i, one learned scalar per item.
        attribute_bias: b_a, one per entity, summed over the item's attributes.
        user_item_dot: the user's own vector is part of u.
        interest_item_dot: so is what the model makes of the history for this candidate.
        history_item_dot: so is one vector of the whole history, such as the mean of its items'.
        item_attributes: v has the mean of the vectors of the item's attributes added.
        dropout: on u, and on what the model hands to `drop`.
        l2: weight of the squares of the vectors in the product, per labelled pair.
        bias_spread: standard deviation of the first biases.
    """

    def __init__(
        self,
        item_bias: bool = False,
        attribute_bias: bool = False,
        user_item_dot: bool = False,
        interest_item_dot: bool = False,
        history_item_dot: bool = False,
        item_attributes: bool = False,
        dropout: float = 0.0,
        l2: float = 0.0,
        bias_spread: float = BIAS_SPREAD,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**{"name": "head", **kwargs})
        self.settings = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        self.with_item_bias, self.with_attribute_bias = item_bias, attribute_bias
        self.user_item_dot, self.interest_item_dot = user_item_dot, interest_item_dot
        self.history_item_dot, self.item_attributes = history_item_dot, item_attributes
        self.l2, self.bias_spread = l2, bias_spread
        self.item_bias: Embedding | None = None
        self.attribute_bias: Embedding | None = None
        self.dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="dropout") if dropout else None

    def build(self, num_items: int, num_entities: int = 0) -> None:
        """Called by the model in its own `build`, with the rows of its tables."""
        if self.with_item_bias:
            self.item_bias = self._biases_of(num_items, "item_bias")
        if self.with_attribute_bias:
            self.attribute_bias = self._biases_of(num_entities, "attribute_bias")

    @property
    def has_product(self) -> bool:
        """Whether any vector is part of u by the settings."""
        return self.user_item_dot or self.interest_item_dot or self.history_item_dot

    def item_vector(self, item: Tensor, attributes: Tensor, embedding: Embedding) -> Tensor:
        """v [..., d] of items [...], attributes [..., K] of theirs, 0 pads, both rows of `embedding`."""
        vector = embedding(item)
        if not self.item_attributes:
            return vector
        return vector + masked_mean(embedding(attributes), ops.not_equal(attributes, 0))

    def bias(self, item: Tensor, attributes: Tensor | None = None) -> Tensor:
        """b_i + sum_a b_a [...] of items [...] and their attributes [..., K], 0 pads; None: without the second."""
        total = ops.zeros_like(item, dtype=self.compute_dtype)
        if self.item_bias is not None:
            total = total + ops.squeeze(self.item_bias(item), -1)
        if self.attribute_bias is not None and attributes is not None:
            biases = ops.squeeze(self.attribute_bias(attributes), -1)  # [..., K]
            total = total + ops.sum(biases * ops.cast(ops.not_equal(attributes, 0), biases.dtype), axis=-1)
        return total

    def product(
        self,
        vector: Tensor,
        paper: Tensor | None = None,
        user: Tensor | None = None,
        interest: Tensor | None = None,
        history: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """<u, v> [G, M] of v [G, M, d]; 0 where nothing is switched on.

        Args:
            paper: what the paper itself multiplies with the item, whatever the settings, [G, M or 1, d].
            user, interest, history: of the user's side, [G, M or 1, d]; None where there is none.
        """
        chosen = (
            *(paper, user if self.user_item_dot else None),
            *(interest if self.interest_item_dot else None, history if self.history_item_dot else None),
        )
        terms = [term for term in chosen if term is not None]
        if not terms:
            return ops.zeros_like(vector[..., 0])
        return ops.sum(self.drop(sum(terms[1:], terms[0]), training) * vector, axis=-1)

    def drop(self, x: Tensor, training: bool = False) -> Tensor:
        """`x` under the head's dropout."""
        return x if self.dropout is None else self.dropout(x, training=training)

    def penalty(self, item: Tensor, vectors: Iterable[Tensor | None], once: Tensor | float = 0.0) -> Tensor:
        """`l2` times `pair_squares`, without the vectors that are None."""
        return self.l2 * pair_squares(item, [each for each in vectors if each is not None], once)

    def get_config(self) -> Config:
        return {**super().get_config(), **self.settings}

    def _biases_of(self, rows: int, name: str) -> Embedding:
        table = normal_embedding(rows, 1, name, self.bias_spread)
        table.build(None)
        return table


def split_head(
    settings: Mapping[str, Any], renamed: Mapping[str, str] | None = None, bias_spread: float = BIAS_SPREAD
) -> tuple[InnerProductHead, Config]:
    """A model's head out of its settings, and the settings that are left.

    Args:
        renamed: setting -> argument of `InnerProductHead`, beside `SETTINGS`.
        bias_spread: of the head; no setting.
    """
    names = {**{name: name for name in SETTINGS}, **(renamed or {})}
    given = {names[setting]: value for setting, value in settings.items() if setting in names}
    left = {setting: value for setting, value in settings.items() if setting not in names}
    return InnerProductHead(**given, bias_spread=bias_spread), left
