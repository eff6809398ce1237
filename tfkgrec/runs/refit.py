"""Once a run has been judged: its model trained anew on all that there is, as long as validation chose."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tfkgrec import registry
from tfkgrec.config import Config
from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender
from tfkgrec.runs.cache import pretrained
from tfkgrec.runs.fingerprint import check_same_data
from tfkgrec.runs.id_files import Seen
from tfkgrec.runs.run import Prepared, prepare
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.trainer import fit


class Refitted(NamedTuple):
    """A model that has learned everything.

    Attributes:
        seen: as of the run, but everybody with a positive is known.
        epochs: of every stage.
    """

    model: Recommender
    seen: Seen
    epochs: tuple[int, ...]


def refit(config: Config, run: RunDirectory, judged: Recommender) -> Refitted:
    """Train the run's model on training, validation and test; nothing is held out, and the run stays as it is.

    Probabilities are calibrated as the run's were, since calibrating takes pairs that were not learned.

    Args:
        judged: the run's model.

    Raises:
        InputError: the protocol has no such training, or the data are not the run's.
    """
    spec = registry.protocol(config.data.protocol)
    if spec.whole is None:
        raise InputError(f"--refit: expected a protocol that can train on everything, found {spec.name}")
    data, training = config.data, config.training
    own = prepare(config)
    check_same_data(run, own.dataset, own.splits)
    splits = registry.load(spec.whole)(own.dataset, data.split, training.seed)
    protocol = registry.load(spec.make)(own.dataset, data.split, training, config.evaluation, splits)
    vectors = None if config.pretraining is None else pretrained(config, own.dataset, splits.train_history)
    model = Prepared(own.dataset, protocol).model(config, vectors)
    epochs = best_epochs(run.history)
    fit(model, protocol, training, epochs=epochs)
    protocol.finalize(model)
    for name in ("calibration", "calibration_bends"):
        getattr(model, name).assign(getattr(judged, name))
    return Refitted(model, Seen(own.dataset.seen_items, splits.train_history.lengths > 0), epochs)


def best_epochs(history: Path) -> tuple[int, ...]:
    """How many epochs each stage of a run had trained when it was best on validation, from its history.csv."""
    if not history.exists():
        raise InputError(f"{history}: expected the epochs of a run, found no such file")
    rows = pd.read_csv(history)
    chooser = next(name for name in rows if name.startswith("val_"))
    stages = (stage.reset_index(drop=True) for _, stage in rows.groupby("stage"))
    return tuple(int(stage[chooser].idxmax()) + 1 for stage in stages)
