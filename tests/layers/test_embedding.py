"""The gradient-safe embedding, and that Keras' own is still the trap it works around (docs/known-issues.md)."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import CASE, same_numbers, save_and_load
from tfkgrec.layers.embedding import Embedding, normal_embedding

ROWS, WIDTH, LEARNING_RATE = 6, 3, 1e-3


def largest_step(cls: type[keras.layers.Embedding], jit_compile: bool) -> float:
    """How far, in units of the learning rate, the first Adam step moves any weight; 4,000 lookups of 5 rows.

    The first step of Adam is lr * g / sqrt(g^2): lr, whatever g. With the squares of 800 equal parts of g in place of
    the square of their sum it is sqrt(800) = 28 times that.
    """
    keras.utils.set_random_seed(0)
    layer = cls(ROWS, WIDTH)
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "mse", jit_compile=jit_compile)
    ids = np.random.default_rng(0).integers(1, ROWS, (20, 200))
    model.build(ids.shape)
    before = layer.embeddings.numpy()
    model.train_on_batch(ids, np.full((20, 200, 1), 9.0))
    return float(np.abs(layer.embeddings.numpy() - before).max() / LEARNING_RATE)


@pytest.mark.parametrize("jit_compile", [True, False])
def test_duplicate_lookups_do_not_inflate_the_step(jit_compile):
    assert 0.9 < largest_step(Embedding, jit_compile) <= 1.01


def test_the_stock_embedding_still_takes_steps_that_are_too_large():
    """Once this fails Keras has mended it, and tfkgrec.layers.embedding can go."""
    assert largest_step(keras.layers.Embedding, jit_compile=False) > 20


def test_as_a_keras_layer(tmp_path):
    CASE.run_layer_test(
        Embedding,
        {"input_dim": ROWS, "output_dim": WIDTH},
        input_shape=(4, 2),
        input_dtype="int32",
        expected_output_shape=(4, 2, WIDTH),
        expected_num_trainable_weights=1,
        run_training_check=False,  # above, and Keras' own warns
    )
    model = keras.Sequential([keras.Input((2,), dtype="int32"), Embedding(ROWS, WIDTH)])
    restored = save_and_load(model, tmp_path)
    assert type(restored.layers[0]) is Embedding
    ids = np.array([[1, 2], [5, 0]])
    same_numbers(restored(ids), model(ids), 0)


def test_row_zero_starts_at_zero_and_the_others_do_not():
    layer = Embedding(ROWS, WIDTH, embeddings_initializer="ones")
    # rows 0 and 2 of a table of ones whose first row is padding
    assert_array_equal(layer(np.array([0, 2])), [[0, 0, 0], [1, 1, 1]])


@pytest.mark.parametrize("ids", [3, [3], [[1], [3]], np.array([[3, 0, 5]], np.int64)])
def test_lookups_of_any_rank_and_integer_type(ids):
    layer = Embedding(ROWS, WIDTH)
    layer.build()
    assert_array_equal(layer(np.asarray(ids)), layer.embeddings.numpy()[np.asarray(ids)])


def test_gradient_is_dense_and_sums_duplicates():
    import tensorflow as tf

    layer = Embedding(ROWS, WIDTH)
    layer.build()
    scale = np.array([1.0, 10, 100])[:, None]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(np.array([2, 4, 2])) * scale)
    gradient = tape.gradient(loss, layer.embeddings.value)
    assert not isinstance(gradient, tf.IndexedSlices)
    # row 2 was looked up by the 1 and the 100, row 4 by the 10
    expected = np.zeros((ROWS, WIDTH))
    expected[2], expected[4] = 101, 10
    assert_allclose(gradient, expected)


def test_normal_tables_do_not_start_as_each_other():
    users, items = (normal_embedding(2000, 8, name, stddev=0.5) for name in ("users", "items"))
    for table in (users, items):
        table.build(None)
    user, item = (np.asarray(table.embeddings)[1:].ravel() for table in (users, items))
    assert user.std() == pytest.approx(0.5, abs=0.02)
    assert abs(np.corrcoef(user, item)[0, 1]) < 0.05  # 16,000 numbers: a standard error of .008


def test_bad_arguments():
    with pytest.raises(ValueError, match="nonsense"):
        Embedding(ROWS, WIDTH, embeddings_initializer="nonsense")
