"""Pre-training is keras.ops only: the same step gives the same numbers on Keras' JAX backend."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.kge.run_on_jax import run
from tests.kge.small import random_graph
from tfkgrec.data.history import History
from tfkgrec.kge import METHODS
from tfkgrec.kge.bpr import BprFactorization, PairBatches
from tfkgrec.kge.methods import method_class
from tfkgrec.kge.triple_batches import TripleBatches


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax: not installed")
def test_jax_agrees_with_tensorflow_and_needs_none_of_it(tmp_path):
    graph = random_graph(entities=39, relations=3, triples=60)
    np.savez(tmp_path / "triples.npz", **TripleBatches(graph, 1024, negatives=2)[0][0])
    items = np.concatenate([1 + np.random.default_rng(u).choice(29, 5, replace=False) for u in range(1, 20)])
    pairs = PairBatches(History(items, np.concatenate([[0], np.arange(20) * 5])), 30, 1024, seed=0)
    np.savez(tmp_path / "pairs.npz", **pairs[0][0])
    models = {name: method_class(name)(40, 4, 6, seed=1) for name in METHODS}
    models["bpr"] = BprFactorization(20, 30, 5, seed=1)
    # Shortened: vectors of length one lie on the kink of `clip_length`, where rounding chooses the gradient.
    initial = {
        f"{name} {i}": 0.9 * np.asarray(w) for name, model in models.items() for i, w in enumerate(model.weights)
    }
    np.savez(tmp_path / "initial.npz", **initial)

    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-m", "tests.kge.run_on_jax", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]

    found, expected = np.load(tmp_path / "found.npz"), run(tmp_path)
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-5, err_msg=name)
        if name.endswith("after a step"):
            assert np.abs(values - initial[name.removesuffix(" after a step")]).max() > 1e-4, name
