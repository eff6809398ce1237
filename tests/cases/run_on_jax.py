"""Run by test_on_jax.py, in a process of its own: every model under Keras' JAX backend, without TensorFlow.

One process for all of them and for pre-training: JAX is slow to start.
"""

import importlib
import sys
from pathlib import Path

import keras
import numpy as np

from tests.kge import one_step
from tfkgrec.models.recommender import Recommender, outputs
from tfkgrec.models.sequential import SequentialRecommender


def run(folder: Path) -> dict[str, np.ndarray]:
    """Logits and explanations of some pairs, the loss of one step of training, and the logits after it.

    Nothing here imports the model's class: Keras knows it by the package alone.
    """
    model: Recommender = keras.models.load_model(folder / "model.keras")
    ranking, training = (dict(np.load(folder / f"{name}.npz")) for name in ("ranking", "training"))
    label = training.pop("target")
    jit = keras.backend.backend() == "jax"  # without it JAX compiles operation by operation, which takes longer
    home = sys.modules[type(model).__module__]
    if jit and hasattr(home, "WORTH_IT"):
        home.WORTH_IT = 0  # a batch's own items under JAX, all items under TensorFlow: the same numbers
    model.compile(keras.optimizers.SGD(0.1), keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=jit)
    found = {"logit": model.predict_on_batch(ranking)}
    compiled = importlib.import_module("jax").jit if jit else lambda function: function
    user, item = ranking["user"], ranking["item"][:, -1]
    found |= {f"explain {name}": value for name, value in outputs(compiled(model.explain)(user, item)).items()}
    if isinstance(model, SequentialRecommender):
        state = compiled(lambda u, i: model.advance(model.user_state(u), i))(user, item)
        found |= {f"advanced {name}": value for name, value in outputs(state).items()}
    found["loss"] = model.train_on_batch(training, label)
    found["logit after a step"] = model.predict_on_batch(ranking)
    return {name: keras.ops.convert_to_numpy(value) for name, value in found.items()}


if __name__ == "__main__":
    if keras.backend.backend() != "jax":
        sys.exit(f"expected the jax backend, found {keras.backend.backend()}")
    pretraining, *models = map(Path, sys.argv[1:])
    np.savez(pretraining / "found.npz", **one_step.run(pretraining))
    for where in models:
        np.savez(where / "found.npz", **run(where))
    loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("tensorflow", "tensorflow_recommenders"))
    if loaded:
        sys.exit(f"expected no TensorFlow, found {loaded[:3]}")
