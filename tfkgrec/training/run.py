"""A whole run, config to metrics, and a finished run brought back."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from tfkgrec.config import Config, MfSettings, TrainingConfig, load_config
from tfkgrec.data.assemble import assemble
from tfkgrec.data.load import load_raw
from tfkgrec.data.records import Dataset, Splits
from tfkgrec.data.splits import protocol_c
from tfkgrec.errors import InputError
from tfkgrec.evaluation.floors import evaluate_floors
from tfkgrec.evaluation.model_scorer import ModelScorer
from tfkgrec.evaluation.protocol_c import evaluate_scorer
from tfkgrec.evaluation.report import assemble_metrics, report, write_metrics
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.models.build import build_model
from tfkgrec.models.recommender import Recommender
from tfkgrec.training.calibration import calibrate
from tfkgrec.training.run_directory import RunDirectory, environment, write_model, write_text
from tfkgrec.training.trainer import fit, seed_everything, use_xla
from tfkgrec.training.vocabularies import write_vocabularies

MF_FLOOR = (
    MfSettings(dim=64, l2=1e-2),
    TrainingConfig(epochs=150, patience=8, batch_size=4096, items_per_user=8, learning_rate=1e-2, negatives="fresh"),
)
"""The MF floor: fresh negatives, item bias, trained until validation stalls (studies.md, 1 and 3)."""


MAY_CHANGE = (
    "training.epochs",
    "training.patience",
    "data.data_dir",
    "evaluation.",
    "export.",
    "published.",
    "comments",
)
"""Settings that a resumed run may have otherwise than it began with."""


@dataclass(frozen=True)
class Prepared:
    """A dataset and its split, as a config and its seed make them."""

    dataset: Dataset
    splits: Splits


def prepare(config: Config) -> Prepared:
    """Read, number and split the data of a config."""
    seed = config.training.seed
    raw = load_raw(config.data, config.data.data_dir, seed)
    dataset = assemble(raw, seed, config.data.inverse_relations)
    splits = protocol_c(dataset, seed)
    for part in ("train", "validation", "test"):
        label = getattr(splits, part).label
        if not 0 < label.sum() < len(label):
            found = f"{int(label.sum())} and {int((1 - label).sum())} among {len(dataset.interactions.positives):,}"
            raise InputError(f"{dataset.name}: expected positives and negatives in the {part} split, found {found}")
    return Prepared(dataset, splits)


def train_run(config: Config, run: RunDirectory, resume: bool = False) -> dict[str, Any]:
    """Train, choose the best epoch on validation, read the test split once, and leave everything in `run`.

    Returns:
        The content of metrics.json.
    """
    run.check_start(resume)
    if resume:
        _check_same_settings(config, run)
    prepared = prepare(config)  # bad data leaves no folder behind
    write_text(run.config, config.to_yaml())
    dataset, splits = prepared.dataset, prepared.splits
    for line in (*dataset.report, *splits.report):
        print(line)
    write_text(run.environment, json.dumps(environment(), indent=2))
    write_vocabularies(run.vocabularies, dataset, splits)

    seed_everything(config.training.seed)
    model = build_model(config.model, dataset, splits, config.training.seed)
    fitted = fit(model, splits, config.training, run, resume)
    if config.training.calibrate:
        calibrate(model, fitted.scorer, splits.validation)
    write_model(run.model, model, model.save)
    metrics = evaluate_run(config, prepared, fitted.scorer.as_scorer(), fitted.timing, config.evaluation.top_k)
    write_metrics(run.metrics, metrics)
    print(report(metrics))
    return metrics


def evaluate_run(
    config: Config, prepared: Prepared, scorer: Scorer, timing: dict[str, float], top_k: bool
) -> dict[str, Any]:
    """The metrics of a model with its floors beside it, on the same pairs."""
    splits, batch_users = prepared.splits, config.evaluation.batch_users
    names = config.evaluation.floors
    extra = {"mf": _mf_floor(prepared, config.training.seed)} if "mf" in names and config.model.name != "mf" else {}
    wanted = [name for name in names if name != "mf" or extra]
    floors = evaluate_floors(splits, wanted, extra, top_k, batch_users)
    return assemble_metrics(
        config.model.name,
        config.data.dataset,
        config.data.protocol,
        config.training.seed,
        evaluate_scorer(scorer, splits, top_k, batch_users),
        floors,
        timing,
        prepared.dataset.stats(),
    )


def load_run(path: Path) -> tuple[Config, RunDirectory, Recommender]:
    """A finished run: its config, its files, its model."""
    run = RunDirectory(path)
    run.check()
    return load_config(run.config), run, keras.models.load_model(run.model)


def run_scorer(config: Config, model: Recommender) -> Scorer:
    """A restored model, ready to be evaluated."""
    return ModelScorer(model, use_xla(config.training.jit_compile)).as_scorer()


def _check_same_settings(config: Config, run: RunDirectory) -> None:
    """A resumed run goes on as it began; only how long it goes on, and what is done with it, may change."""
    before, now = (_flat(settings.to_dict()) for settings in (load_config(run.config), config))
    for key, value in now.items():
        if before.get(key) != value and not key.startswith(MAY_CHANGE):
            raise InputError(f"{key}: expected {before.get(key)}, as the run in {run.path} began, found {value}")


def _flat(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat


def _mf_floor(prepared: Prepared, seed: int) -> Scorer:
    settings, training = MF_FLOOR
    seed_everything(seed)
    model = build_model(settings, prepared.dataset, prepared.splits, seed)
    fitted = fit(model, prepared.splits, dataclasses.replace(training, seed=seed), verbose=False)
    calibrate(model, fitted.scorer, prepared.splits.validation)
    return fitted.scorer.as_scorer()
