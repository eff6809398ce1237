"""A finished run answers its signatures in this process, without a server."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfkgrec.config import Config
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.runs.id_files import Seen
from tfkgrec.runs.run import load_run
from tfkgrec.savedmodel.sequence_signatures import SequenceSignatures
from tfkgrec.savedmodel.signatures import Signatures
from tfkgrec.savedmodel.vocabularies import Vocabularies
from tfkgrec.training.run_directory import RunDirectory


def run_signatures(run_dir: Path) -> tuple[Config, RunDirectory, Signatures]:
    """The signatures over a run's model, needing nothing but the run directory."""
    config, run, model = load_run(run_dir)
    vocabularies = Vocabularies(run.vocabularies)
    kind = SequenceSignatures if isinstance(model, SequentialRecommender) else Signatures
    return config, run, kind(model, vocabularies, Seen.read(run.vocabularies), config.export.k_max)


def explain_run(run_dir: Path, user: str, item: str) -> dict[str, np.ndarray]:
    """The outputs of `explain` for one pair, as a server would send them (texts as str)."""
    _, _, signatures = run_signatures(run_dir)
    outputs = signatures.explain(tf.constant([user]), tf.constant([item]))
    return {name: _text(value.numpy()) for name, value in outputs.items()}


def _text(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "O":
        return array
    return np.char.decode(array.astype(np.bytes_), "utf-8").astype(object)
