"""After a NaN: which layer was the first to give a non-finite output?"""

from collections.abc import Callable, Iterable

import keras
import numpy as np

from tfkgrec.types import Record


def first_non_finite_layer(model: keras.Model, batches: Iterable[Record]) -> str | None:
    """Run batches forward, layer by layer, until one layer's output is not finite.

    Args:
        model: any Keras model; its weights are left alone.
        batches: inputs of `model`.

    Returns:
        "path (ClassName)" of the first layer, in order of computation, or None when every output is finite.
    """
    found: list[str] = []
    layers = [layer for layer in model._flatten_layers() if layer is not model]
    originals = {id(layer): layer.call for layer in layers}

    def watched(layer: keras.layers.Layer) -> Callable[..., Record]:
        inner = originals[id(layer)]

        def call(*args: Record, **kwargs: Record) -> Record:
            outputs = inner(*args, **kwargs)
            if not found and not _finite(outputs):
                found.append(f"{layer.path} ({type(layer).__name__})")
            return outputs

        return call

    try:
        for layer in layers:
            layer.call = watched(layer)
        for batch in batches:
            outputs = model(batch, training=True)
            if found:
                return found[0]
            if not _finite(outputs):
                return f"{model.name} ({type(model).__name__})"
    finally:
        for layer in layers:
            layer.call = originals[id(layer)]
    return None


def _finite(outputs: Record) -> bool:
    arrays = (keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(outputs) if x is not None)
    return all(bool(np.isfinite(a).all()) for a in arrays if np.issubdtype(a.dtype, np.floating))
