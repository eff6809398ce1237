"""What flows through layers and models, by name.

Neither keras nor TensorFlow has stubs worth having, so for mypy these are Any; for a reader they say what is meant.
"""

from typing import Any, TypeAlias, TypedDict

Tensor: TypeAlias = Any
"""Of the Keras backend (tf.Tensor, jax.Array, KerasTensor while a model is drawn), or what converts to one."""

Shape: TypeAlias = tuple[Any, ...]
"""Sizes; None where one is unknown."""

Record: TypeAlias = Any
"""A NamedTuple of tensors whose class is each model's own: its state, its item tables, its explanation."""

Config: TypeAlias = dict[str, Any]
"""A layer's or a model's arguments as JSON has them."""


class LayerOptions(TypedDict, total=False):
    """What every Keras layer takes beside its own arguments."""

    name: str | None
    trainable: bool
    dtype: Any
