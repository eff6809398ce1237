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
from tfkgrec import registry
from tfkgrec.models.sequential import SequentialRecommender

pytestmark = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax: not installed")

MODELS = list(registry.models())
ROWS = 8  # of the training batch


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


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`<model>/found.npz` of every model, as JAX gives it."""
    home = tmp_path_factory.mktemp("on-jax")
    for name in MODELS:
        write(home / name, small_model(name))
    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-m", "tests.cases.run_on_jax", *(str(home / name) for name in MODELS)]
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
