"""Layers and models are keras.ops only: the same file gives the same numbers on Keras' JAX backend."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.models.kgcn.small import kgcn
from tests.models.run_on_jax import run
from tests.models.small import EVERYTHING, ITEMS, USERS, batch, dink


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax: not installed")
def test_jax_agrees_with_tensorflow_and_needs_none_of_it(tmp_path):
    rng = np.random.default_rng(0)
    item = np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))
    training = batch(g=8, t=3)
    label = rng.integers(0, 2, training["item"].shape).astype(np.float32)
    models = (dink(**EVERYTHING, l2=0.01, history_length=3), kgcn(item_bias=True, l2=0.01, pair_l2=0.01))
    folders = [tmp_path / model.name for model in models]  # one process for all of them: JAX is slow to start
    for model, folder in zip(models, folders, strict=True):
        folder.mkdir()
        np.savez(folder / "ranking.npz", user=np.arange(USERS, dtype=np.int32), item=item)
        np.savez(folder / "training.npz", **training, label=label)
        model.save(folder / "model.keras")

    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-m", "tests.models.run_on_jax", *map(str, folders)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]

    for folder in folders:
        found = np.load(folder / "found.npz")
        expected = run(folder, keras.models.load_model(folder / "model.keras"))
        assert sorted(found) == sorted(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, atol=1e-5, err_msg=f"{folder.name} {name}")
        assert np.abs(expected["logit after a step"] - expected["logit"]).max() > 0.01
