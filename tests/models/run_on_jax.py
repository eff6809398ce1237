"""Run by test_on_jax.py, in a process of its own: models under Keras' JAX backend, without TensorFlow."""

import sys
from pathlib import Path

import keras
import numpy as np

import tfkgrec.models.dink.model
import tfkgrec.models.ekpnet.model
import tfkgrec.models.hkrm.model
import tfkgrec.models.kgcn.model
import tfkgrec.models.mf.model
import tfkgrec.models.rkan.model  # noqa: F401  what a file names has to be there


def run(folder: Path, model: keras.Model) -> dict[str, np.ndarray]:
    """Logits of a ranking batch, the loss of one step of training, and the logits after it."""
    ranking = dict(np.load(folder / "ranking.npz"))
    training = dict(np.load(folder / "training.npz"))
    label = training.pop("label")
    if model.reads_labels:
        training = {**training, "label": label, "weight": np.ones_like(label)}
    jit = keras.backend.backend() == "jax"  # without it JAX compiles operation by operation, which takes longer
    model.compile(keras.optimizers.SGD(0.1), keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=jit)
    found = {"logit": model.predict_on_batch(ranking)}
    found["loss"] = model.train_on_batch(training, label)
    found["logit after a step"] = model.predict_on_batch(ranking)
    return {name: keras.ops.convert_to_numpy(v) for name, v in found.items()}


if __name__ == "__main__":
    if keras.backend.backend() != "jax":
        sys.exit(f"expected the jax backend, found {keras.backend.backend()}")
    for where in map(Path, sys.argv[1:]):
        np.savez(where / "found.npz", **run(where, keras.models.load_model(where / "model.keras")))
    loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("tensorflow", "tensorflow_recommenders"))
    if loaded:
        sys.exit(f"expected no TensorFlow, found {loaded[:3]}")
