"""A finished run answers its signatures in this process, without a server."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.runs.id_files import read_seen
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
    kind = SequenceSignatures if isinstance(model, SequentialRecommender) else Signatures
    seen, k_max, name = read_seen(run.vocabularies), config.export.k_max, config.model.name
    return RunSignatures(name, run, kind(model, Vocabularies(run.vocabularies), seen, k_max, name))


def explain_run(run_dir: Path, user: str, item: str) -> dict[str, np.ndarray]:
    """The outputs of `explain` for one pair, as a server would send them (texts as str)."""
    outputs = run_signatures(run_dir).signatures.explain(tf.constant([user]), tf.constant([item]))
    return {name: _text(value.numpy()) for name, value in outputs.items()}


def _text(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "O":
        return array
    return np.char.decode(array.astype(np.bytes_), "utf-8").astype(object)
