"""A finished run answers its signatures in this process, without a server."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfkgrec.models.recommender import Recommender
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.runs.id_files import Seen, read_seen
from tfkgrec.runs.refit import refit
from tfkgrec.runs.run import load_run
from tfkgrec.savedmodel.sequence_signatures import SequenceSignatures
from tfkgrec.savedmodel.signatures import Signatures
from tfkgrec.savedmodel.vocabularies import Vocabularies
from tfkgrec.training.run_directory import RunDirectory


class RunSignatures(NamedTuple):
    """A finished run: its model's name, its files, and the signatures over its model."""

    model: str
    run: RunDirectory
    signatures: Signatures


def run_signatures(run_dir: Path) -> RunSignatures:
    """The signatures over a run's model, needing nothing but the run directory."""
    config, run, model = load_run(run_dir)
    name, seen = config.model.name, read_seen(run.vocabularies)
    return RunSignatures(name, run, _signatures(name, run, model, seen, config.export.k_max))


def refitted_signatures(run_dir: Path) -> tuple[RunSignatures, str]:
    """The same over the model trained anew on everything, as long as its training took; and a line that says so."""
    config, run, judged = load_run(run_dir)
    model, seen, epochs = refit(config, run, judged)
    name, told = config.model.name, f"all interactions for {' + '.join(map(str, epochs))} epochs chosen on validation"
    return RunSignatures(name, run, _signatures(name, run, model, seen, config.export.k_max)), told


def _signatures(name: str, run: RunDirectory, model: Recommender, seen: Seen, k_max: int) -> Signatures:
    kind = SequenceSignatures if isinstance(model, SequentialRecommender) else Signatures
    return kind(model, Vocabularies(run.vocabularies), seen, k_max, name)


def explain_run(run_dir: Path, user: str, item: str) -> dict[str, np.ndarray]:
    """The outputs of `explain` for one pair, as a server would send them (texts as str)."""
    outputs = run_signatures(run_dir).signatures.explain(tf.constant([user]), tf.constant([item]))
    return {name: _text(value.numpy()) for name, value in outputs.items()}


def _text(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "O":
        return array
    texts = np.empty(array.size, object)
    texts[:] = [text.decode() for text in array.ravel()]  # numpy's own texts would lose a NUL at the end
    return texts.reshape(array.shape)
