"""The one module that knows TFRS: it imports, its loss is numpy's, and a bad step changes nothing."""

import os
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_recommenders as tfrs
from keras import ops
from sklearn.metrics import roc_auc_score

from tests.harness import sigmoid
from tests.models.small import EVERYTHING, batch, dink
from tfkgrec.models.mf.model import MatrixFactorization, MatrixSizes
from tfkgrec.models.recommender import Recommender
from tfkgrec.tasks.ranking import RankingModel


def labelled(g: int = 6, m: int = 4, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weight = (rng.random((g, m)) < 0.7).astype(np.float32)
    return batch(g=g, m=m), rng.integers(0, 2, (g, m, 1)).astype(np.float32), weight


def mf(**settings) -> MatrixFactorization:
    model = MatrixFactorization(MatrixSizes(7, 9), **{"dim": 3, "item_bias": True, "l2": 0.0, **settings})
    model.build()
    for n, weight in enumerate(model.trainable_weights):
        weight.assign(np.random.default_rng(n).normal(size=weight.shape))
    return model


def data(*steps) -> tf.data.Dataset:
    spec = keras.tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), steps[0])
    return tf.data.Dataset.from_generator(lambda: iter(steps), output_signature=spec)


def task_of(model, jit_compile: bool = False, optimizer="sgd") -> RankingModel:
    task = RankingModel(model)
    task.compile(optimizer, jit_compile=jit_compile)
    return task


def fit(task: RankingModel, *steps) -> dict[str, float]:
    history = task.fit(data(*steps), epochs=1, steps_per_epoch=len(steps), verbose=0, shuffle=False)
    return {name: values[-1] for name, values in history.history.items()}


def cross_entropy(logit, label, weight) -> float:
    """Mean over the real pairs of -y log p - (1 - y) log(1 - p)."""
    p, y = sigmoid(logit), label[..., 0]
    return float(np.sum(weight * -(y * np.log(p) + (1 - y) * np.log(1 - p))) / np.sum(weight))


def test_tfrs_works_under_keras_3_without_the_legacy_switch():
    assert keras.__version__.startswith("3.")
    assert "TF_USE_LEGACY_KERAS" not in os.environ
    assert "tf_keras" not in sys.modules
    assert issubclass(RankingModel, tfrs.Model)
    assert issubclass(tfrs.Model, keras.Model)
    assert issubclass(tfrs.tasks.Ranking, keras.layers.Layer)
    task = RankingModel(mf())
    assert isinstance(task.task, tfrs.tasks.Ranking)


def test_loss_by_hand():
    class Given(Recommender):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def call(self, inputs, training=False):
            return self.scale * inputs["logit"]

    # logits 0 and ln 3, labels 1 and 0: -log(1/2) = .6931, -log(1 - 3/4) = 1.3863; mean 1.0397. The third pair pads.
    step = (
        {"logit": np.array([[0, np.log(3), 50]], np.float32)},
        np.array([[[1], [0], [0]]], np.float32),
        np.array([[1, 1, 0]], np.float32),
    )
    assert fit(task_of(Given()), step)["task_loss"] == pytest.approx(1.0397, abs=1e-4)


@pytest.mark.parametrize(("make", "jit_compile"), [(lambda: dink(**EVERYTHING), False), (mf, True)])
def test_loss_is_the_cross_entropy_of_the_real_pairs(make, jit_compile):
    step, model = labelled(), make()
    logit = np.asarray(model(step[0], training=True))
    logs = fit(task_of(model, jit_compile), step)
    assert logs["task_loss"] == pytest.approx(cross_entropy(logit, *step[1:]), abs=1e-5)
    assert logs["regularization_loss"] == 0
    assert logs["loss"] == pytest.approx(logs["task_loss"], abs=1e-7)


def test_padding_changes_nothing():
    (inputs, label, weight), model = labelled(), mf()
    logs = fit(task_of(model), (inputs, label, weight))
    weights = [w.numpy() for w in model.trainable_weights]
    other = np.where(weight[..., None] > 0, label, 1 - label), np.where(weight > 0, inputs["item"], 0)
    again = mf()
    assert fit(task_of(again), ({**inputs, "item": other[1].astype(np.int32)}, other[0], weight)) == pytest.approx(logs)
    for a, b in zip(weights, again.trainable_weights, strict=True):
        np.testing.assert_allclose(a, b.numpy(), atol=1e-6)


def test_regularisation_is_logged_apart():
    step, model = labelled(), dink(l2=0.3)
    logit = np.asarray(model(step[0], training=True))
    squares = float(model.losses[0])
    logs = fit(task_of(dink(l2=0.3)), step)
    assert squares > 0.1
    assert logs["task_loss"] == pytest.approx(cross_entropy(logit, *step[1:]), abs=1e-5)
    assert logs["regularization_loss"] == pytest.approx(squares, rel=1e-5)
    assert logs["loss"] == pytest.approx(logs["task_loss"] + squares, rel=1e-5)


def test_logs_are_means_over_the_epoch_not_the_last_batch():
    steps, model = [labelled(seed=n) for n in range(3)], mf()
    logits = [np.asarray(model(step[0])) for step in steps]
    task = task_of(model, optimizer=keras.optimizers.SGD(0.0))
    logs = fit(task, *steps)
    each = [cross_entropy(logit, *step[1:]) for logit, step in zip(logits, steps, strict=True)]
    assert np.ptp(each) > 0.01
    assert logs["loss"] == pytest.approx(np.mean(each), abs=1e-5)
    assert sorted(logs) == ["auc", "loss", "regularization_loss", "task_loss"]
    real = np.concatenate([step[2].ravel() for step in steps]) > 0
    label = np.concatenate([step[1].ravel() for step in steps])[real]
    # binned into 200 thresholds
    assert logs["auc"] == pytest.approx(
        roc_auc_score(label, np.concatenate([x.ravel() for x in logits])[real]), abs=0.02
    )
    assert fit(task, *steps)["loss"] == pytest.approx(logs["loss"], abs=1e-6)  # and start anew with each epoch


def test_a_step_is_the_gradient_of_loss_and_regularisation():
    step, rate = labelled(), 0.1
    model, twin = dink(l2=0.3), dink(l2=0.3)
    with tf.GradientTape() as tape:
        logit = twin(step[0], training=True)
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(step[1][..., 0], logit)
        loss = tf.reduce_sum(entropy * step[2]) / np.sum(step[2]) + twin.losses[0]
    gradients = tape.gradient(loss, [w.value for w in twin.trainable_weights])
    fit(task_of(model, optimizer=keras.optimizers.SGD(rate)), step)
    for weight, old, gradient in zip(model.trainable_weights, twin.trainable_weights, gradients, strict=True):
        np.testing.assert_allclose(weight.numpy(), old.numpy() - rate * np.asarray(gradient), atol=1e-5)


def snapshot(task: RankingModel) -> list[np.ndarray]:
    return [v.numpy() for v in (*task.recommender.weights, *task.optimizer.variables)]


def without_padding(step):
    return step[0], step[1], np.ones_like(step[2])


@pytest.mark.parametrize("jit_compile", [True, False])
def test_a_non_finite_loss_changes_no_weight_and_shows(jit_compile):
    model = mf()
    task, good = task_of(model, jit_compile, keras.optimizers.Adam(0.1)), without_padding(labelled())
    assert np.isfinite(fit(task, good)["loss"])
    before = snapshot(task)
    healthy = model.item_embedding.embeddings.numpy()
    model.item_embedding.embeddings.assign(np.full_like(healthy, np.nan))
    logs = fit(task, good)
    assert np.isnan(logs["loss"])
    model.item_embedding.embeddings.assign(healthy)
    for a, b in zip(snapshot(task), before, strict=True):  # neither weights nor moments nor the step count
        np.testing.assert_array_equal(a, b)
    assert np.isfinite(fit(task, good)["loss"])  # and training can go on


def test_a_non_finite_gradient_of_a_finite_loss_changes_no_weight_and_shows():
    class Root(Recommender):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(1,), initializer="zeros", name="scale")

        def call(self, inputs, training=False):
            # sqrt(0) = 0 is finite, its slope is not
            return ops.sqrt(self.scale) * ops.ones_like(ops.cast(inputs["item"], "float32"))

    task = task_of(Root())
    logs = fit(task, without_padding(labelled()))
    assert logs["task_loss"] == pytest.approx(np.log(2), abs=1e-6)
    assert np.isnan(logs["loss"])
    assert task.recommender.scale.numpy().tolist() == [0]
