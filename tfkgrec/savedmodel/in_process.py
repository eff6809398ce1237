"""A finished run answers its signatures in this process, without a server."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfkgrec.datasets.own_files.sources import Source
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.runs.new_items import grow
from tfkgrec.runs.refit import told
from tfkgrec.runs.served import served_model
from tfkgrec.savedmodel.model_card import TRAINING_SPLIT
from tfkgrec.savedmodel.sequence_signatures import SequenceSignatures
from tfkgrec.savedmodel.signatures import Signatures
from tfkgrec.savedmodel.vocabularies import Vocabularies
from tfkgrec.training.run_directory import RunDirectory


class RunSignatures(NamedTuple):
    """A finished run: its model's name, its files, the signatures over its model, and what that has learned.

    `report` is what there is to say of items that it has taken in since, `new_items` of them.
    """

    model: str
    run: RunDirectory
    signatures: Signatures
    trained_on: str
    new_items: int = 0
    report: tuple[str, ...] = ()


def run_signatures(
    run_dir: str | Path, refitted: bool = False, k_max: int | None = None, explain_more: bool = False
) -> RunSignatures:
    """The signatures over a run's model, needing nothing but the run directory.

    Args:
        refitted: as in `served_model`.
        k_max: length of the lists; None: as the run's settings have it.
        explain_more: as in `Signatures`.
    """
    name, run, model, seen, own, epochs = served_model(run_dir, refitted)
    kind = SequenceSignatures if isinstance(model, SequentialRecommender) else Signatures
    signatures = kind(model, Vocabularies(run.vocabularies), seen, k_max or own, name, explain_more=explain_more)
    return RunSignatures(name, run, signatures, _trained_on(epochs))


def grown_signatures(run_dir: str | Path, items: Source, triples: Source, folder: Path) -> RunSignatures:
    """The same with `items` that the model takes in by what `triples` tell of them (`runs/new_items.py`).

    Args:
        folder: gets the vocabularies; it has to stay for as long as the signatures are asked.
    """
    grown = grow(served_model(run_dir), items, triples, folder)
    name, run, model, seen, k_max, epochs = grown.served
    signatures = Signatures(model, Vocabularies(folder), seen, k_max, name, grown.first)
    return RunSignatures(name, run, signatures, _trained_on(epochs), model.num_items - grown.first, grown.report)


def _trained_on(epochs: Sequence[int] | None) -> str:
    return TRAINING_SPLIT if epochs is None else told(epochs)


def explain_run(
    run_dir: Path, user: str, item: str, sampled: bool = False, seed: int = 0, needed: bool = False
) -> dict[str, np.ndarray]:
    """The outputs of `explain` for one pair, as a server would send them (texts as str).

    Args:
        sampled: by Shapley values, over orders that `seed` draws, instead of by leaving out.
        needed: also `rank` [1], and the items without which it would not be shown, `needed_item` and `needed_name`
            [1, T], "" pads (savedmodel/needed.py); of what training does not know, 0 and none.
    """
    signatures, pair = run_signatures(run_dir).signatures, (tf.constant([user]), tf.constant([item]))
    if sampled and signatures.reads_history:
        outputs = signatures.explain_shapley(*pair, tf.constant([seed]))
    else:
        outputs = signatures.explain(*pair)
    if needed:
        outputs |= signatures.needed(*pair)
    return {name: _text(value.numpy()) for name, value in outputs.items()}


def _text(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "O":
        return array
    texts = np.empty(array.size, object)
    texts[:] = [text.decode() for text in array.ravel()]  # numpy's own texts would lose a NUL at the end
    return texts.reshape(array.shape)
