"""KSR gives the same numbers on Keras' JAX backend, which then needs no TensorFlow."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.models.ksr.run_on_jax import run
from tests.models.ksr.small import ITEMS, ksr, sequences


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax: not installed")
def test_jax_agrees_with_tensorflow_and_needs_none_of_it(tmp_path):
    model = ksr(train_items=True, train_knowledge=True, item_bias=True, gate_bias=True)
    history, rng = sequences(), np.random.default_rng(0)
    positive = rng.integers(1, ITEMS, history.shape).astype(np.int32)
    np.savez(tmp_path / "inputs.npz", history=history, positive=positive, negative=np.array([2, 4, 9], np.int32))
    model.save(tmp_path / "model.keras")

    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-m", "tests.models.ksr.run_on_jax", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]

    found = np.load(tmp_path / "found.npz")
    expected = run(tmp_path, keras.models.load_model(tmp_path / "model.keras"))
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-5, err_msg=name)
