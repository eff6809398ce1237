"""Which model of a finished run is served: the one that was judged, or the one that learned everything afterwards."""

from pathlib import Path
from typing import NamedTuple

from tfkgrec.config import Config
from tfkgrec.data.history import History
from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender
from tfkgrec.runs.fingerprint import check_same_data
from tfkgrec.runs.id_files import Seen, check_id_files, read_seen
from tfkgrec.runs.refit import epochs_of, refit
from tfkgrec.runs.run import load_run, prepare
from tfkgrec.runs.version_0_1 import read_model
from tfkgrec.training.run_directory import RunDirectory


class Served(NamedTuple):
    """A model for a server.

    Attributes:
        name: of its kind, in the registry.
        run: its files.
        seen: what it knows of the users beside their ids.
        k_max: how many items it recommends at most.
        epochs: of every stage, if it was trained on everything; None: on the training split, and judged.
    """

    name: str
    run: RunDirectory
    model: Recommender
    seen: Seen
    k_max: int
    epochs: tuple[int, ...] | None


def served_model(run_dir: str | Path, refitted: bool = False) -> Served:
    """The model to serve of a finished run.

    Args:
        refitted: the one of all data, which the run's settings may have asked for anyway (`training.final_fit`); where
            the run has none it is trained now, on the run's data.

    Raises:
        InputError: no finished run, or other data than it was trained on.
    """
    config, run, judged = load_run(run_dir)
    check_id_files(run.vocabularies, judged.num_items)
    name, k_max, seen = config.model.name, config.export.k_max, read_seen(run.vocabularies)
    if not (refitted or config.training.final_fit):
        return Served(name, run, judged, seen, k_max, None)
    epochs = epochs_of(run, judged)
    if run.final_model.exists():
        model, items = read_model(run.final_model, name), seen.items
    elif refitted:
        model, items = _refit(config, run, judged, epochs)
    else:
        wanted = f"expected {run.final_model.name}, as training.final_fit asks for, found none"
        raise InputError(f"{run.path}: {wanted} (tfkgrec train --resume goes on to it)")
    return Served(name, run, model, Seen(items, items.lengths > 0), k_max, epochs)


def _refit(
    config: Config, run: RunDirectory, judged: Recommender, epochs: tuple[int, ...]
) -> tuple[Recommender, History]:
    """The model, and all that the data hold of every user, which version 0.1 did not keep."""
    prepared = prepare(config)
    check_same_data(run, prepared.dataset, prepared.splits)
    return refit(config, run, prepared, judged, epochs), prepared.dataset.seen_items
