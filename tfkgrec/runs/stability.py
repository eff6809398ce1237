"""Whether other runs of a model, of other seeds or trained again, name the same reasons for the same pairs."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.evaluation.faithfulness import correlation, mean_and_error
from tfkgrec.models.contribution import contributions
from tfkgrec.models.recommender import Recommender
from tfkgrec.runs.id_files import ITEMS, USERS, read_texts
from tfkgrec.runs.run import load_run
from tfkgrec.training.run_directory import RunDirectory

FIRST = 5
"""Items that are compared."""


class Other(NamedTuple):
    """Another run, and how it numbers what this one knows; 0: not at all."""

    name: str
    seed: int
    model: Recommender
    tables: Any
    users: np.ndarray  # [users of this run, row 0 included]
    items: np.ndarray


def open_other(path: Path, run: RunDirectory, name: str) -> Other:
    """A run to compare `run`, of the model `name`, with.

    Raises:
        InputError: it is of another model.
    """
    config, other, model = load_run(path)
    if config.model.name != name:
        raise InputError(f"--beside {path}: expected a run of {name}, found one of {config.model.name}")
    users, items = (_numbers(run.vocabularies / file, other.vocabularies / file) for file in (USERS, ITEMS))
    return Other(str(path), config.training.seed, model, model.item_tables(), users, items)


def measure_stability(
    model: Recommender, others: Iterable[Other], batches: Iterable[tuple[np.ndarray, np.ndarray]]
) -> dict[str, dict[str, Any]]:
    """Run -> its seed, order -> how many of the first `FIRST` items are the same, and how alike the orders are.

    Over pairs (user, item) of whom both runs' models read more than `FIRST` items, of which only these are compared:
    with another seed other items are held out. `chance` is what two random orders would have in common.
    """
    tables, found = model.item_tables(), {}
    asked = list(batches)
    for other in others:
        figures: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
        for user, item in asked:
            _compare(model, tables, other, user, item, figures)
        joined = {
            order: {name: mean_and_error(np.concatenate(parts)) for name, parts in by.items()}
            for order, by in figures.items()
        }
        chance = joined.pop("chance", {"first": None})["first"]
        found[other.name] = {"seed": other.seed, "chance": chance, "orders": joined}
    return found


def _compare(model: Recommender, tables: Any, other: Other, user: np.ndarray, item: np.ndarray, figures: Any) -> None:
    known = (other.users[user] > 0) & (other.items[item] > 0)
    user, item = user[known], item[known]
    if not len(user):
        return
    own_items, own = _orders(model, tables, user, item)
    its_items, its = _orders(other.model, other.tables, other.users[user], other.items[item])
    same = (other.items[own_items][:, :, None] == its_items[:, None, :]) & (own_items > 0)[:, :, None]  # [n, T, T']
    same &= (own_items != item[:, None])[:, :, None]
    shared = same.any(axis=2)
    enough = shared.sum(axis=1) > FIRST
    if not enough.any():
        return
    place, shared = same.argmax(axis=2)[enough], shared[enough]
    figures["chance"]["first"].append(FIRST / shared.sum(axis=1))
    for name in own.keys() & its.keys():
        one, two = own[name][enough], np.take_along_axis(its[name][enough], place, axis=1)
        first = [_first(score, shared) for score in (one, two)]
        figures[name]["first"].append((first[0] & first[1]).sum(axis=1) / FIRST)
        figures[name]["correlation"].append(correlation(one, two, shared))


def _orders(
    model: Recommender, tables: Any, user: np.ndarray, item: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The histories [n, T] of pairs, and by which orders they are told."""
    found = contributions(model, user.astype(np.int32), item.astype(np.int32), tables)
    history = np.asarray(found.history_item)
    weight = model.own_weights(model.explain(user, item, tables), history)
    orders = {"contributions": found.contribution, "weights": weight}
    return history, {name: np.asarray(score) for name, score in orders.items() if score is not None}


def _first(score: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Which slots [n, T] are the first `FIRST` of the shared ones."""
    order = np.argsort(np.where(shared, -score, np.inf), axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable") < FIRST


def _numbers(own: Path, other: Path) -> np.ndarray:
    """Number in `own` -> number in `other`, whose line n is of number n; 0: it has no such line."""
    place = {text: number for number, text in enumerate(read_texts(other), 1)}
    return np.array([0, *(place.get(text, 0) for text in read_texts(own))], np.int32)
