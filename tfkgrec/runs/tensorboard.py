"""What a run as a whole leaves for TensorBoard: vectors of its items, settings with figures, pre-training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfkgrec.config import Config
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset
from tfkgrec.evaluation.summary import flatten
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.recommender import Recommender
from tfkgrec.training.event_files import MOST_ROWS, write_curves, write_items, write_trial
from tfkgrec.training.run_directory import RunDirectory

SECTIONS = ("model", "data", "pretraining", "training")
"""Of the settings: in what runs can differ that are compared."""


def show_pretraining(run: RunDirectory, vectors: PretrainedEmbeddings | None) -> None:
    """The loss after every epoch."""
    if vectors is not None:
        write_curves(run.tensorboard / "pretraining", vectors.curves)


def show_items(run: RunDirectory, model: Recommender, dataset: Dataset, history: History) -> None:
    """The vectors of the items that most have taken, where the model has such, with names, ids and how many have."""
    factors = model.item_factors(model.item_tables())
    if factors is None:
        return
    taken = history.counts(dataset.items.size)
    shown = 1 + np.argsort(-taken[1:], kind="stable")[:MOST_ROWS]
    ids, names = ([texts[item] for item in shown] for texts in (dataset.items.raw, dataset.item_names))
    labels = [name or raw for raw, name in zip(ids, names, strict=True)]
    about = {"name": labels, "id": ids, "taken": taken[shown].tolist()}
    write_items(run.tensorboard / "items", np.asarray(factors)[shown, :-1], about)  # the last place is a bias


def show_trial(run: RunDirectory, config: Config, metrics: Mapping[str, Any]) -> None:
    """Its settings, and all figures of validation and test."""
    settings = flatten({name: content for name, content in config.to_dict().items() if name in SECTIONS})
    plain = {key: value if isinstance(value, int | float | str) else str(value) for key, value in settings.items()}
    figures = flatten({part: metrics[part] for part in ("validation", "test")})
    write_trial(run.tensorboard / "hparams", run.path.name, plain, figures)
