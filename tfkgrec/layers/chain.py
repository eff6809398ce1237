"""Dense layers one after the other.

Not a keras.Sequential: a chain may be empty, and its weights stand in a file where version 0.1 put them.
"""

from collections.abc import Sequence

import keras

from tfkgrec.types import Tensor


def build_chain(layers: Sequence[keras.layers.Dense], width: int) -> None:
    """Build `layers`, the first of which reads vectors of `width`."""
    for layer in layers:
        layer.build((None, width))
        width = layer.units


def through(layers: Sequence[keras.layers.Dense], x: Tensor) -> Tensor:
    """What comes out of the last of `layers`."""
    for layer in layers:
        x = layer(x)
    return x
