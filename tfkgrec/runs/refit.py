"""Once a run has been judged: its model trained anew on all that there is, as long as validation chose."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tfkgrec import registry
from tfkgrec.config import Config
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.files import reading
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.sum_of_parts import SumOfParts
from tfkgrec.progress import phase, say
from tfkgrec.runs.cache import pretrained
from tfkgrec.runs.members import member_run
from tfkgrec.runs.version_0_1 import read_config
from tfkgrec.training.contract import Splits
from tfkgrec.training.run_directory import RunDirectory, write_model
from tfkgrec.training.trainer import fit

if TYPE_CHECKING:
    from tfkgrec.runs.run import Prepared


def check_final_fit(config: Config, dataset: Dataset) -> None:
    """Raise `InputError`, before the first training, for what would end the last one."""
    if config.training.final_fit and config.pretraining is not None and config.pretraining.vectors is not None:
        pretrained(config, dataset, _whole(config, dataset).train_history)


def final_fit(config: Config, run: RunDirectory, prepared: "Prepared", judged: Recommender) -> None:
    """Where `training.final_fit` asks for it: leave the model of all data in the run, for its export."""
    if not config.training.final_fit:
        return
    epochs = epochs_of(run, judged)
    say(f"\nfinal fit: on {told(epochs)}")
    with phase("final fit"):
        model = refit(config, run, prepared, judged, epochs)
    write_model(run.final_model, model, model.save)


def refit(
    config: Config, run: RunDirectory, prepared: "Prepared", judged: Recommender, epochs: Sequence[int]
) -> Recommender:
    """A model trained on training, validation and test; nothing is held out.

    Probabilities are calibrated as the judged model's were, and parts weigh what theirs did, since both take pairs that
    were not learned. So are the members of a fusion, each for its own epochs.

    Args:
        run: its files.
        prepared: the run's data.
        judged: the run's model.
        epochs: of every stage (`best_epochs`).

    Raises:
        InputError: the protocol has no such training, or the vectors to start from are for other training positives.
    """
    data, training, dataset = config.data, config.training, prepared.dataset
    splits = _whole(config, dataset)
    make = registry.load(registry.protocol(data.protocol).make)
    protocol = make(dataset, data.split, training, config.evaluation, splits)
    vectors = None if config.pretraining is None else pretrained(config, dataset, splits.train_history)
    members = _refitted_members(run, prepared, judged)
    model = dataclasses.replace(prepared, protocol=protocol).model(config, vectors, members)
    fit(model, protocol, training, epochs=epochs)
    protocol.finalize(model)
    if isinstance(judged, SumOfParts):
        model.part_sum.set_weights(judged.part_sum.get_weights())
    for name in ("calibration", "calibration_bends"):
        getattr(model, name).assign(getattr(judged, name))
    return model


def _refitted_members(run: RunDirectory, prepared: "Prepared", judged: Recommender) -> dict[str, Recommender]:
    """The members of a fusion, trained anew as it is; none of another model."""
    found = {}
    for name, member in getattr(judged, "members", {}).items():
        own = member_run(run, name)
        found[name] = refit(read_config(own.config), own, prepared, member, epochs_of(own, member))
    return found


def epochs_of(run: RunDirectory, model: Recommender) -> tuple[int, ...]:
    """`best_epochs` of a run's model; none where no epoch trains it."""
    return best_epochs(run.history) if model.num_stages else ()


def best_epochs(history: Path) -> tuple[int, ...]:
    """How many epochs each stage of a run had trained when it was best on validation, from its history.csv."""
    if not history.exists():
        raise InputError(f"{history}: expected the epochs of a run, found no such file")
    with reading(history):
        rows = pd.read_csv(history)
        chooser = next(name for name in rows if name.startswith("val_"))
        stages = (stage.reset_index(drop=True) for _, stage in rows.groupby("stage"))
        return tuple(int(stage[chooser].idxmax()) + 1 for stage in stages)


def told(epochs: Sequence[int]) -> str:
    """What such a model was trained on, for people."""
    if not epochs:
        return "all interactions, weighed as on validation"
    return f"all interactions for {' + '.join(map(str, epochs))} epochs chosen on validation"


def _whole(config: Config, dataset: Dataset) -> Splits:
    """A split that holds nothing out."""
    spec = registry.protocol(config.data.protocol)
    if spec.whole is None:
        raise InputError(f"--refit: expected a protocol that can train on everything, found {spec.name}")
    splits: Splits = registry.load(spec.whole)(dataset, config.data.split, config.training.seed)
    return splits
