"""What every layer has to pass. The one place that knows Keras' own test case, a private path of the wheel."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.testing import TestCase
from numpy.testing import assert_allclose

CASE = TestCase()


def check_layer(
    cls: type[keras.layers.Layer],
    settings: dict[str, Any],
    inputs: dict[str, np.ndarray],
    output_shape: Any,
    weight_shapes: list[tuple[int, ...]],
    folder: Path,
) -> None:
    """Build, symbolic = eager shapes, config there and back, mixed precision, a step that trains, `.keras` and back.

    Args:
        inputs: call argument -> array; the bool ones are masks.
        output_shape: shape, or tuple of shapes.
        weight_shapes: of the trainable weights, sorted.
    """
    masks = {name: array for name, array in inputs.items() if array.dtype == bool}
    CASE.run_layer_test(
        cls,
        settings,
        input_shape={f"{name}_shape": array.shape for name, array in inputs.items() if name not in masks},
        call_kwargs=masks,
        expected_output_shape=output_shape,
        expected_num_trainable_weights=len(weight_shapes),
        expected_num_non_trainable_weights=0,
        run_training_check=False,  # Keras' own checks of these two pass one input, no mask
        run_mixed_precision_check=False,
    )
    _check_mixed_precision(cls, settings, inputs)
    layer, model = _inside_a_model(cls, settings, inputs)
    assert sorted(tuple(w.shape) for w in layer.trainable_weights) == weight_shapes
    if weight_shapes:
        _check_step(layer, model, inputs)
    restored = save_and_load(model, folder)
    found = next(inner for inner in restored.layers if inner.name == layer.name)
    assert type(found) is cls
    assert found.get_config() == layer.get_config()
    assert {name: found.get_config()[name] for name in settings} == settings
    same_numbers(restored(inputs), model(inputs), 0)


def save_and_load(model: keras.Model, folder: Path) -> Any:
    """`model` through a `.keras` file."""
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras")


def same_numbers(found: Any, expected: Any, tolerance: float = 1e-6) -> None:
    """Two nests of tensors agree, leaf by leaf, in shape and, to `tolerance` (absolute), in value."""
    for a, b in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        assert_allclose(a, b, rtol=0, atol=tolerance)


def set_weights(layer: keras.layers.Layer, **values: Any) -> None:
    """Give the named weights of a built layer values one can follow on paper."""
    for name, value in values.items():
        getattr(layer, name).assign(np.asarray(value, np.float32))


def gradients(function: Callable[..., Any], *inputs: Any) -> list[np.ndarray]:
    """d sum(function(*inputs)) / d inputs."""
    import tensorflow as tf

    tensors = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        total = tf.add_n([tf.reduce_sum(y) for y in keras.tree.flatten(function(*tensors))])
    return [np.asarray(g) for g in tape.gradient(total, tensors, unconnected_gradients="zero")]


def softmax(x: Any) -> np.ndarray:
    """The textbook's, over all of `x`."""
    e = np.exp(np.asarray(x, np.float64))
    return e / e.sum()


def sigmoid(x: Any) -> Any:
    """The textbook's."""
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def _inside_a_model(cls: Any, settings: dict[str, Any], inputs: dict[str, np.ndarray]) -> Any:
    symbols = {k: keras.Input(v.shape[1:], dtype=v.dtype.name, name=k) for k, v in inputs.items()}
    layer = cls(**settings, name="layer_under_test")
    return layer, keras.Model(symbols, layer(**symbols))


def _check_mixed_precision(cls: Any, settings: dict[str, Any], inputs: dict[str, np.ndarray]) -> None:
    """float16 out of float32 weights, finite even where a mask hides everything."""
    layer = cls(**settings, dtype="mixed_float16")
    for given in (inputs, {k: v & False if v.dtype == bool else v for k, v in inputs.items()}):
        for output in keras.tree.flatten(layer(**given)):
            assert keras.backend.standardize_dtype(output.dtype) == "float16"
            assert np.isfinite(output).all()
    assert {w.dtype for w in layer.weights} <= {"float32"}


def _check_step(layer: Any, model: keras.Model, inputs: dict[str, np.ndarray]) -> None:
    """One compiled step moves every weight by something finite."""
    before = [w.numpy() for w in layer.trainable_weights]
    rng, outputs = np.random.default_rng(0), model(inputs)
    model.compile("sgd", loss=keras.tree.map_structure(lambda _: "mse", outputs), jit_compile=True)
    model.train_on_batch(inputs, keras.tree.map_structure(lambda y: rng.normal(size=y.shape), outputs))
    for weight, old in zip(layer.trainable_weights, before, strict=True):
        assert np.isfinite(weight.numpy()).all(), weight.path
        assert not np.array_equal(weight.numpy(), old), weight.path


def check_item_tables(model, user: np.ndarray, item: np.ndarray, history: np.ndarray) -> None:
    """What exports and evaluation keep of the items changes no answer about users [G], item [G, M], history [1, T]."""
    tables = model.item_tables()
    for items in (item, item[:, 3:4]):
        for known in (None, history):
            users = user if known is None else user[:1]
            kept = model.score_items(model.user_state(users, known, tables), items[: len(users)])
            new = model.score_items(model.user_state(users, known), items[: len(users)])
            assert_allclose(kept, new, atol=1e-6)
    fresh, kept = model.explain(user, item[:, 2]), model.explain(user, item[:, 2], tables)
    for found, expected in zip(kept, fresh, strict=True):
        assert (found is None) == (expected is None)
        if expected is not None:
            assert_allclose(found, expected, atol=1e-6)
