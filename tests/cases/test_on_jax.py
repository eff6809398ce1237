"""Layers and models are keras.ops only: the same file gives the same numbers on Keras' JAX backend."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cases.run_on_jax import run
from tests.cases.small_models import SmallModel, small_model
from tests.kge import one_step
from tests.kge.small import random_graph
from tfkgrec import registry
from tfkgrec.data.history import History
from tfkgrec.kge import METHODS
from tfkgrec.kge.bpr import BprFactorization, PairBatches
from tfkgrec.kge.methods import method_class
from tfkgrec.kge.triple_batches import TripleBatches
from tfkgrec.models.sequential import SequentialRecommender

pytestmark = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax: not installed")

MODELS = list(registry.models())
ROWS = 8  # of the training batch
PRETRAINING = "pretraining"


def write(folder: Path, small: SmallModel) -> None:
    """The model, some pairs, a few rows of a training batch, and labels for whatever the model says of them."""
    folder.mkdir()
    small.model.save(folder / "model.keras")
    np.savez(folder / "ranking.npz", user=small.users, item=small.items)
    inputs, _ = small.batch()
    shared = small.protocol.batches(small.model).rows_per_batch
    inputs = {name: array[:ROWS] if len(array) == shared else array for name, array in inputs.items()}
    label = np.random.default_rng(0).integers(0, 2, small.model(inputs).shape).astype(np.float32)
    if isinstance(small.model, SequentialRecommender):  # the positive comes first
        label[...] = np.arange(label.shape[-1]) == 0
    np.savez(folder / "training.npz", **inputs, target=label)


def write_pretraining(folder: Path) -> None:
    """A batch of triples and one of pairs, and what every method starts from."""
    folder.mkdir()
    graph = random_graph(entities=39, relations=3, triples=60)
    np.savez(folder / "triples.npz", **TripleBatches(graph, 1024, negatives=2)[0][0])
    items = np.concatenate([1 + np.random.default_rng(u).choice(29, 5, replace=False) for u in range(1, 20)])
    pairs = PairBatches(History(items, np.concatenate([[0], np.arange(20) * 5])), 30, 1024, seed=0)
    np.savez(folder / "pairs.npz", **pairs[0][0])
    models = {name: method_class(name)(40, 4, 6, seed=1) for name in METHODS}
    models["bpr"] = BprFactorization(20, 30, 5, seed=1)
    # Shortened: vectors of length one lie on the kink of `clip_length`, where rounding chooses the gradient.
    initial = {
        f"{name} {i}": 0.9 * np.asarray(w) for name, model in models.items() for i, w in enumerate(model.weights)
    }
    np.savez(folder / "initial.npz", **initial)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`<model>/found.npz` of every model, and `pretraining/found.npz`, as JAX gives them."""
    home = tmp_path_factory.mktemp("on-jax")
    write_pretraining(home / PRETRAINING)
    for name in MODELS:
        write(home / name, small_model(name))
    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-m", "tests.cases.run_on_jax", *(str(home / name) for name in (PRETRAINING, *MODELS))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]  # TensorFlow in it, say
    return home


@pytest.mark.parametrize("name", MODELS)
def test_jax_agrees_with_tensorflow(name, folders):
    found, expected = np.load(folders / name / "found.npz"), run(folders / name)
    assert sorted(found) == sorted(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, atol=1e-4, err_msg=key)
    assert np.abs(expected["logit after a step"] - expected["logit"]).max() > 1e-3


def test_a_step_of_pretraining_agrees(folders):
    folder = folders / PRETRAINING
    found, expected, initial = np.load(folder / "found.npz"), one_step.run(folder), np.load(folder / "initial.npz")
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-5, err_msg=name)
        if name.endswith("after a step"):
            assert np.abs(values - initial[name.removesuffix(" after a step")]).max() > 1e-4, name
