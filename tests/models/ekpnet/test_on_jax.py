"""EKPNet gives the same numbers on Keras' JAX backend, in a ranking batch and in a step of training."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.models.ekpnet.small import EVERYTHING, LAMBDAS, ekpnet
from tests.models.run_on_jax import run
from tests.models.small import ITEMS, USERS, batch


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax: not installed")
def test_jax_agrees_with_tensorflow_and_needs_none_of_it(tmp_path):
    model, rng = ekpnet(**EVERYTHING, **LAMBDAS, history_length=3), np.random.default_rng(0)
    item = np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))
    np.savez(tmp_path / "ranking.npz", user=np.arange(USERS, dtype=np.int32), item=item)
    training = batch(g=8, t=3)
    label = rng.integers(0, 2, training["item"].shape).astype(np.float32)
    np.savez(tmp_path / "training.npz", **training, label=label)
    model.save(tmp_path / "model.keras")

    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-m", "tests.models.run_on_jax", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]

    found = np.load(tmp_path / "found.npz")
    expected = run(tmp_path, keras.models.load_model(tmp_path / "model.keras"))
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-4, err_msg=name)
    assert np.abs(expected["logit after a step"] - expected["logit"]).max() > 0.01
