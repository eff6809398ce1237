"""How far the explanations of a finished run hold: its own weights, and contributions, beside chance."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfkgrec.config import Config
from tfkgrec.datasets.synthetic.settings import SyntheticSettings
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.errors import InputError
from tfkgrec.evaluation.faithfulness import judged, kept_of, mean_and_error, places, share
from tfkgrec.models.contribution import SAMPLES, contributions, logits_in_parts, shapley
from tfkgrec.models.explain_text import SHOWN
from tfkgrec.models.recommender import Recommender
from tfkgrec.runs.fingerprint import check_same_data
from tfkgrec.runs.links import measure_links
from tfkgrec.runs.planted import Planted, pointing
from tfkgrec.runs.run import prepare
from tfkgrec.runs.stability import measure_stability, open_other
from tfkgrec.runs.test_reads import note_test_read
from tfkgrec.training.held_out import positives_of
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.types import Record

CELLS_AT_ONCE = 1 << 20
"""Of histories times what is left out of them: bounds the memory."""
READ_AT_ONCE = 1 << 16
"""The same where a model reads every history anew, one for each choice."""
LEAST_ITEMS = 2  # of a history that can be put in order
FEW = 3  # items, whose share of the whole is told
SHAPLEY_PAIRS = 100
SHAPLEY_CELLS = 1 << 25
"""Pairs times orders times histories times what they hold: bounds the time."""


def measure_explanations(
    config: Config, run: RunDirectory, model: Recommender, most_pairs: int, beside: Sequence[Path] = ()
) -> dict[str, Any]:
    """The content of explanations.json, over positive pairs of the test split; drawn where there are more.

    Args:
        beside: other runs of the model, to see whether they name the same reasons.

    Raises:
        InputError: a model that reads no history, or no pair to ask about.
    """
    prepared = prepare(config)
    check_same_data(run, prepared.dataset, prepared.splits)
    note_test_read(run, config.data.dataset, prepared.splits, config.training.seed)
    user, item = positives_of(prepared.splits, "test")
    rng = np.random.default_rng([config.training.seed, 7])
    order = rng.permutation(len(user))
    world = config.data.source if isinstance(config.data.source, SyntheticSettings) else None
    found: dict[str, Any] = {}
    if world is None or model.read_history(user[:1]) is not None:
        found = measure(model, user[order], item[order], most_pairs, rng)
        found["links"] = measure_links(model, prepared.dataset, _some_users(user[order], most_pairs), rng)
        if beside:
            others = (open_other(path, run, config.model.name) for path in beside)
            batches = _batches(model, user[order], item[order], most_pairs)
            found["stability"] = measure_stability(model, others, batches)
    if world is not None:  # it knows its causes
        _, truth = draw_world(**dataclasses.asdict(world.size), seed=config.training.seed)
        planted, chosen = Planted(truth, prepared.dataset), order[:most_pairs]
        found["pointing"] = pointing(model, planted, user[chosen].astype(np.int32), item[chosen].astype(np.int32))
    return {"model": config.model.name, "dataset": config.data.dataset, "seed": config.training.seed, **found}


def _some_users(user: np.ndarray, most_pairs: int) -> np.ndarray:
    """As many of users [n] as have `most_pairs` recommendations together."""
    return user[np.sort(np.unique(user, return_index=True)[1])][: max(2, most_pairs // SHOWN)]


def measure(
    model: Recommender, user: np.ndarray, item: np.ndarray, most_pairs: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Figures over the first `most_pairs` pairs [n] with two items or more that the model may see."""
    tables, columns = model.item_tables(), defaultdict(list)
    pairs = 0
    for users, items in _batches(model, user, item, most_pairs):
        for name, figures in _of_batch(model, users, items, tables, rng).items():
            columns[name].append(figures)
        pairs += len(users)
    if pairs < LEAST_ITEMS:
        raise InputError(f"--explanations: expected test pairs of users with {LEAST_ITEMS} items, found {pairs}")
    joined = {
        name: {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        for name, parts in columns.items()
    }
    whole, first = joined.pop("whole")["history"], joined["contributions"]
    shares = {"taken_away": share(first[f"deletion_{FEW}"], whole), "alone": share(first[f"sufficiency_{FEW}"], whole)}
    shares["shapley"] = _shapley_share(model, user, item, most_pairs, tables)
    return {
        "pairs": pairs,
        "whole_history": mean_and_error(whole),
        "share_of_three": shares,
        "orders": {
            name: {key: mean_and_error(values) for key, values in figures.items()} for name, figures in joined.items()
        },
    }


def _shapley_share(
    model: Recommender, user: np.ndarray, item: np.ndarray, most_pairs: int, tables: Record | None
) -> dict[str, float] | None:
    """The share of the first `FEW` by Shapley values; None: there is no time for `SHAPLEY_PAIRS` such histories.

    All of them or none: those for whom there is time would be those with short histories.
    """
    batches = list(_batches(model, user, item, min(most_pairs, SHAPLEY_PAIRS)))
    widths = [np.asarray(model.read_history(users[:1])).shape[1] for users, _ in batches]
    cells = sum(len(users) * SAMPLES * (width + 1) * width for (users, _), width in zip(batches, widths, strict=True))
    if cells > SHAPLEY_CELLS:
        return None
    parts = []
    for users, items in batches:
        found = shapley(model, users, items, tables)
        first = np.sort(np.asarray(found.contribution), axis=1)[:, : -FEW - 1 : -1].sum(axis=1)
        parts.append(np.stack([first, np.asarray(found.history_contribution)]))
    return share(*np.concatenate(parts, axis=1)) if parts else None


def _batches(model: Recommender, user: np.ndarray, item: np.ndarray, most: int) -> Any:
    """(user, item) of histories of like lengths, as many at a time as memory allows."""
    if model.read_history(user[:1]) is None:
        raise InputError(f"--explanations: expected a model that reads histories, found {model.name}")
    lengths, sees = np.zeros(len(user), int), 1024
    for start in range(0, len(user), sees):
        history = np.asarray(model.read_history(user[start : start + sees]))
        lengths[start : start + sees] = np.sum((history > 0) & (history != item[start : start + sees, None]), axis=1)
        if np.sum(lengths >= LEAST_ITEMS) >= most:
            break
    chosen = np.flatnonzero(lengths >= LEAST_ITEMS)[:most]
    chosen = chosen[np.argsort(-lengths[chosen], kind="stable")]
    while len(chosen):
        width = np.asarray(model.read_history(user[chosen[:1]])).shape[1]
        cells = CELLS_AT_ONCE if model.masks_history else READ_AT_ONCE
        count = max(1, cells // ((width + 2) * width))
        yield user[chosen[:count]].astype(np.int32), item[chosen[:count]].astype(np.int32)
        chosen = chosen[count:]


def _of_batch(
    model: Recommender, user: np.ndarray, item: np.ndarray, tables: Record | None, rng: np.random.Generator
) -> dict[str, dict[str, np.ndarray]]:
    """order -> figure -> pairs [n]."""
    found = contributions(model, user, item, tables)
    history, truth = np.asarray(found.history_item), np.asarray(found.contribution)
    real = (history > 0) & (history != item[:, None])
    explanation = model.explain(user, item, tables)
    weight = model.own_weights(explanation, history)
    orders = {"contributions": truth, "weights": weight, "random": rng.random(truth.shape), "lowest": -truth}
    scores = {name: np.asarray(score) for name, score in orders.items() if score is not None}
    kept = [kept_of(places(score, real)) for score in scores.values()]
    asked = np.concatenate([*kept, np.ones_like(kept[0][:, :1]), np.zeros_like(kept[0][:, :1])], axis=1)
    logits = logits_in_parts(model, user, item, history, asked, tables)
    ends, width = logits[:, -2:], kept[0].shape[1]
    figures = {
        name: judged(score, truth, real, logits[:, n * width : (n + 1) * width], ends)
        for n, (name, score) in enumerate(scores.items())
    }
    return {**figures, "whole": {"history": ends[:, 0] - ends[:, 1]}}
