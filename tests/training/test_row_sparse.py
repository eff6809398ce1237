"""Steps on rows: duplicates summed, the first step the dense one's, untouched rows left alone, resumed exactly."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.cases.small_models import small_model
from tests.planted import TINY, write_config
from tfkgrec.config import TrainingConfig, load_config
from tfkgrec.layers.embedding import Embedding
from tfkgrec.runs.run import prepare
from tfkgrec.training import row_sparse
from tfkgrec.training.row_sparse import read_rows, touched
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.trainer import fit, make_task


@pytest.mark.parametrize("scratch", [0, 99])
@pytest.mark.parametrize("seed", range(5))
def test_slices_of_a_row_are_summed_once(seed, scratch, monkeypatch):
    monkeypatch.setattr(row_sparse, "SCRATCH", scratch)  # by sorting, or by a number for every row
    rng = np.random.default_rng(seed)
    ids, values = rng.integers(0, 9, 30 * seed + 1), rng.normal(size=(30 * seed + 1, 3)).astype(np.float32)
    found = touched(tf.IndexedSlices(tf.constant(values), tf.constant(ids), (9, 3)), 9)
    real = found.real.numpy()[:, 0] > 0
    rows = found.rows.numpy()
    assert sorted(rows[real]) == sorted(set(ids)) and set(rows[~real]) <= set(ids)
    for row, gradient in zip(rows[real], found.gradient.numpy()[real], strict=True):
        np.testing.assert_allclose(gradient, values[ids == row].sum(0), atol=1e-5)


def test_auto_moves_rows_where_lookups_are_few():
    optimizer = row_sparse.RowSparseAdam()
    gradient = tf.IndexedSlices(tf.ones((3, 2)), tf.constant([1, 1, 0]), (12, 2))
    for few, by_rows in ((0, True), (4, True), (5, False)):
        optimizer.few = few
        assert optimizer.of_rows(gradient, tf.ones((12, 2))) is by_rows
    assert not optimizer.of_rows(tf.ones((12, 2)), tf.ones((12, 2)))


def stepped(name: str, rows: bool, jit: bool = False, optimizer: str = "adam") -> list[np.ndarray]:
    """The weights after a step on the first batch; the model's own are put back."""
    small = small_model(name)
    before = small.model.get_weights()
    settings = TrainingConfig(jit_compile=jit, row_sparse=rows, optimizer=optimizer)
    try:
        task = make_task(small.protocol, small.model, settings, 0.05)
        inputs, label, weight = next(iter(small.protocol.batches(small.model).batches(0)))
        task.train_on_batch(inputs, label, weight)
        return [variable.numpy() for variable in small.model.trainable_variables]
    finally:
        small.model.set_weights(before)
        read_rows(small.model, False)


@pytest.mark.parametrize(
    ("name", "jit", "optimizer"),
    [("mf", True, "adam"), ("mf", False, "adagrad"), ("dink", False, "adam"), ("hkrm", False, "adam")],
)
def test_the_first_step_is_the_dense_one(name, jit, optimizer):
    before = [variable.numpy() for variable in small_model(name).model.trainable_variables]
    dense, rows = stepped(name, False, jit, optimizer), stepped(name, True, jit, optimizer)
    assert any(np.abs(b - a).max() > 1e-3 for a, b in zip(before, rows, strict=True))
    for one, other in zip(dense, rows, strict=True):
        np.testing.assert_allclose(other, one, atol=2e-4)


@pytest.mark.parametrize("optimizer", ["Adam", "Adagrad"])
def test_where_every_row_is_looked_up_all_steps_are_the_dense_ones(optimizer):
    """Lookups that repeat a row leave room behind the distinct ones; what fills it must not touch a moment."""
    ids, tables = np.array([[2, 1, 1], [0, 2, 2], [1, 1, 3]]), {}
    for rows in (True, False):
        keras.utils.set_random_seed(0)
        table = Embedding(4, 2)
        model = keras.Sequential([table, keras.layers.Dense(1)])
        read_rows(model, rows)
        kind = getattr(row_sparse, f"RowSparse{optimizer}") if rows else getattr(keras.optimizers, optimizer)
        model.compile(kind(0.1), "mse", jit_compile=False)
        for step in range(4):
            model.train_on_batch(ids, np.full((3, 3, 1), step - 1.0))
        tables[rows] = table.embeddings.numpy()
    np.testing.assert_allclose(tables[True], tables[False], atol=1e-5)


def test_what_no_batch_looks_up_stands_still():
    """Where a dense step goes on moving it: a row of one batch, during steps on others."""
    moved = {}
    for rows in (True, False):
        table = Embedding(6, 2)
        model = keras.Sequential([table, keras.layers.Dense(1)])
        read_rows(model, rows)
        kind = row_sparse.RowSparseAdam if rows else keras.optimizers.Adam
        model.compile(kind(0.1), "mse", jit_compile=False)
        model.build((4, 3))
        model.train_on_batch(np.full((4, 3), 1), np.ones((4, 3, 1)))
        before = table.embeddings.numpy()
        for _ in range(3):
            model.train_on_batch(np.full((4, 3), 2), np.ones((4, 3, 1)))
        moved[rows] = np.abs(table.embeddings.numpy() - before).max(axis=1) > 1e-3
    assert moved[True].tolist() == [False, False, True, False, False, False]
    assert moved[False].tolist() == [False, True, True, False, False, False]


def test_large_tables_alone_are_read_by_rows(monkeypatch):
    monkeypatch.setattr(row_sparse, "LARGE", 10)
    model = keras.Sequential([Embedding(9, 2), Embedding(10, 2)])
    assert read_rows(model, "auto") and [layer.row_sparse for layer in model.layers] == [False, True]
    assert read_rows(model, True) and all(layer.row_sparse for layer in model.layers)
    assert not read_rows(model, False)
    monkeypatch.setattr(row_sparse, "LARGE", 11)
    assert not read_rows(model, "auto")


def test_resumed_it_ends_where_an_uninterrupted_run_ends(tmp_path):
    path = write_config(tmp_path, model={"name": "mf", "dim": 4})
    ends = []
    for name, cuts in (("whole", [3]), ("cut", [2, 3])):
        for epochs in cuts:
            more = [f"training.epochs={epochs}", "training.row_sparse=true", "training.patience=9"]
            config = load_config(path, [*TINY, *more])
            prepared = prepare(config)
            model = prepared.model(config)
            fit(model, prepared.protocol, config.training, RunDirectory(tmp_path / name), epochs > cuts[0], False)
        ends.append([variable.numpy() for variable in model.trainable_variables])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)
