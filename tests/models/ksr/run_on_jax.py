"""Run by test_ksr_on_jax.py, in a process of its own: KSR under Keras' JAX backend, without TensorFlow."""

import sys
from pathlib import Path

import keras
import numpy as np

from tfkgrec.models.ksr.model import KSR
from tfkgrec.models.recommender import outputs


def run(folder: Path, model: KSR) -> dict[str, np.ndarray]:
    """Logits at every position, the states after the sequences and after one more click, an explanation."""
    inputs = dict(np.load(folder / "inputs.npz"))
    users = len(inputs["history"])
    found = {"positions": model(inputs)}
    state = model.user_state(np.zeros(users, np.int32), inputs["history"])
    found |= {f"state {name}": value for name, value in outputs(state).items()}
    further = model.advance(state, inputs["positive"][:, 0])
    found |= {f"further {name}": value for name, value in outputs(further).items()}
    explained = model.explain(np.arange(users), inputs["positive"][:, 1])
    found |= {f"explain {name}": value for name, value in outputs(explained).items()}
    return {name: keras.ops.convert_to_numpy(value) for name, value in found.items()}


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if keras.backend.backend() != "jax":
        sys.exit(f"expected the jax backend, found {keras.backend.backend()}")
    np.savez(where / "found.npz", **run(where, keras.models.load_model(where / "model.keras")))
    loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("tensorflow", "tensorflow_recommenders"))
    if loaded:
        sys.exit(f"expected no TensorFlow, found {loaded[:3]}")
