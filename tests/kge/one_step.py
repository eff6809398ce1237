"""One step of every knowledge model, under whichever backend: for tests/cases/test_on_jax.py."""

from pathlib import Path

import keras
import numpy as np

from tfkgrec.kge import METHODS
from tfkgrec.kge.bpr import BprFactorization
from tfkgrec.kge.methods import method_class


def run(folder: Path) -> dict[str, np.ndarray]:
    """Scores, the loss of one step and the vectors after it, of every method and of BPR."""
    triples, pairs = (dict(np.load(folder / f"{name}.npz")) for name in ("triples", "pairs"))
    found = {}
    models = {name: method_class(name)(40, 4, 6, seed=1) for name in METHODS}
    for name, model in {**models, "bpr": BprFactorization(20, 30, 5, seed=1)}.items():
        initial = np.load(folder / "initial.npz")
        for index, weight in enumerate(model.weights):  # the backends' random numbers differ
            weight.assign(initial[f"{name} {index}"])
        batch = pairs if name == "bpr" else triples
        model.compile(keras.optimizers.SGD(0.1), jit_compile=keras.backend.backend() == "jax")
        found[f"{name} loss"] = np.asarray(model.fit(_Once(batch), verbose=0).history["loss"])
        for index, weight in enumerate(model.weights):
            found[f"{name} {index} after a step"] = keras.ops.convert_to_numpy(weight)
    return found


class _Once(keras.utils.PyDataset):
    """One batch."""

    def __init__(self, batch: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.batch = batch

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray]]:
        return (self.batch,)
