"""Next week's model starts where last week's ended: what both know keeps its vectors, what is new starts like its kin.

A new item starts as the mean, over its facts, of what the old items with that fact have in the mean; one without such a
fact, a new user and a new entity start as the mean of the old ones. A relation nobody knew starts at random, as do the
rows of entities in models that keep no names of them (lightgcn, cke).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tfkgrec.data.kin import Kin
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender
from tfkgrec.runs.id_files import ENTITY_NAMES, ITEMS, RELATION_NAMES, USERS, read_texts
from tfkgrec.runs.version_0_1 import read_config, read_model
from tfkgrec.training.run_directory import RunDirectory

FIELDS = ("field_relation", "slot_relation")
"""Tables of relations that other weights are made for, one after the other."""


class Names(NamedTuple):
    """Raw ids of users and items, names of entities and relations; place 0 is "" in each."""

    users: np.ndarray
    items: np.ndarray
    entities: np.ndarray
    relations: np.ndarray


def start_from(model: Recommender, name: str, dataset: Dataset, run_dir: Path) -> list[str]:
    """Let a new model of `dataset` start from the weights of a finished run.

    Args:
        name: of the model.

    Returns:
        What was taken over, for people.

    Raises:
        InputError: the run is of another model, or its weights are of other shapes.
    """
    run = RunDirectory(run_dir)
    run.check()
    found = read_config(run.config).model.name
    if found != name:
        raise InputError(f"--from {run_dir}: expected a run of {name}, found one of {found}")
    if not model.num_stages:
        raise InputError(f"--from {run_dir}: expected a model that epochs train, found {name}")
    known, now = _of_run(run), names_of(dataset)
    take_over(model, read_model(run.model, name), known, dataset, f"--from {run_dir}")
    return [f"starts from {run_dir}: {_told('users', known, now)}, {_told('items', known, now)}"]


def take_over(model: Recommender, before: Recommender, known: Names, dataset: Dataset, where: str) -> None:
    """Let a model of `dataset` start from the weights of another one, whose rows are of `known`; see `start_from`."""
    now = names_of(dataset)
    _check_fields(before, model, known, now, where)
    old, new, kin = _row_names(before, known), _row_names(model, now), Kin.of(dataset.graph, dataset.num_items)
    weights = {_path(weight.path): np.asarray(weight) for weight in before.trainable_weights}
    for weight in model.trainable_weights:
        path, fresh = _path(weight.path), np.asarray(weight)
        theirs = weights.get(path)
        if theirs is None or theirs.shape[1:] != fresh.shape[1:]:
            shape = "no such weight" if theirs is None else str(theirs.shape[1:])
            raise InputError(f"{where}: {path}: expected shape {fresh.shape[1:]} of a row, found {shape}")
        rows = _kind(path, theirs, fresh, old, new)
        if rows is not None:
            theirs = _grown(theirs, fresh, old[rows], new[rows], kin)
        if theirs.shape != fresh.shape:
            raise InputError(f"{where}: {path}: expected shape {fresh.shape}, found {theirs.shape}")
        weight.assign(theirs)


def _told(what: str, known: Names, now: Names) -> str:
    """ "38 of 40 users are known"."""
    mine = getattr(now, what)[1:]
    return f"{np.isin(mine, getattr(known, what)[1:]).sum():,} of {len(mine):,} {what} are known"


def _of_run(run: RunDirectory) -> Names:
    files = (USERS, ITEMS, ENTITY_NAMES, RELATION_NAMES)
    return Names(*(np.array(["", *read_texts(run.vocabularies / file)], object) for file in files))


def names_of(dataset: Dataset) -> Names:
    """Those of a dataset."""
    return Names(dataset.users.raw, dataset.items.raw, dataset.entity_names, dataset.relation_names)


def _row_names(model: Recommender, names: Names) -> dict[str, np.ndarray]:
    """Kind of a table -> what its rows are of; items by their ids, other entities by name."""
    items = np.array([f"item {item}" for item in names.items], object)
    users = np.array([f"user {user}" for user in names.users], object)
    found = {"users": users, "items": items, "relations": names.relations}
    if hasattr(model, "entity_ids"):
        own = np.asarray(model.entity_ids)
        others = np.array([f"entity {names.entities[entity]}" for entity in own[len(items) :]], object)
        found["entities"] = np.concatenate([items, others])
        found["nodes"] = np.concatenate([found["entities"], users[1:]])
    return found


def _kind(
    path: str, theirs: np.ndarray, fresh: np.ndarray, old: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]
) -> str | None:
    """What the rows of an embedding are of, told by its name and by how many there are; None: of nothing with an id."""
    if not path.endswith("embeddings"):
        return None
    fits = [kind for kind in new if (len(theirs), len(fresh)) == (len(old[kind]), len(new[kind]))]
    if "user" in path:
        return "users" if "users" in fits else None
    if "relation" in path:
        return "relations" if "relations" in fits else None
    fits = [kind for kind in fits if kind not in ("users", "relations")]
    return fits[0] if fits else "items"  # of entities without names the first rows are items


def _grown(theirs: np.ndarray, fresh: np.ndarray, old: np.ndarray, new: np.ndarray, kin: Kin) -> np.ndarray:
    """The rows of the new table; those beyond `new` stay as they are."""
    old, new = old[: len(theirs)], new[: len(fresh)]
    first = pd.Series(np.arange(len(old)), index=old)
    first = first[~first.index.duplicated(keep=False)]  # a name that stands for two says nothing
    place = first.reindex(new).fillna(-1).to_numpy(np.int64, copy=True)
    place[0] = 0
    grown = fresh.copy()
    known = place >= 0
    grown[: len(new)][known] = theirs[place[known]]
    kinds = np.array([text.partition(" ")[0] for text in new], object)
    for kind in ("user", "item", "entity"):
        mine, strangers = (kinds == kind) & known, (kinds == kind) & ~known
        mine[0] = strangers[0] = False
        if strangers.any() and mine.any():
            grown[: len(new)][strangers] = grown[: len(new)][mine].mean(axis=0)
            if kind == "item":
                kin.fill(grown, mine, strangers)
    return grown


def _check_fields(before: Recommender, model: Recommender, known: Names, now: Names, where: str) -> None:
    """Weights that are made for relations one after the other mean the same only where these are the same."""
    for table in FIELDS:
        if hasattr(before, table) and hasattr(model, table):
            was = known.relations[np.asarray(getattr(before, table))].tolist()
            found = now.relations[np.asarray(getattr(model, table))].tolist()
            if was != found:
                wanted = f"expected the relations of that run, {', '.join(was)}"
                raise InputError(f"{where}: {wanted}, found {', '.join(found)}")


def _path(path: str) -> str:
    """A weight's, without the model's own name, which Keras numbers."""
    return path.partition("/")[2]
