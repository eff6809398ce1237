"""A whole run, config to metrics, and a finished run brought back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from tfkgrec.config import Config, DataConfig, load_config
from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset
from tfkgrec.datasets.load import load_raw
from tfkgrec.errors import InputError
from tfkgrec.evaluation.report import assemble_metrics, report, write_metrics
from tfkgrec.evaluation.summary import flatten
from tfkgrec.files import write_text
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.build import build_model
from tfkgrec.models.recommender import Recommender
from tfkgrec.protocols.ctr.protocol import ProtocolC
from tfkgrec.runs.cache import SharedWork
from tfkgrec.runs.id_files import write_vocabularies
from tfkgrec.training.backend import seed_everything
from tfkgrec.training.contract import TrainingProtocol
from tfkgrec.training.run_directory import RunDirectory, environment, write_model
from tfkgrec.training.trainer import fit

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
    """A dataset and the protocol that splits, feeds and judges it, as a config and its seed make them."""

    dataset: Dataset
    protocol: TrainingProtocol

    @property
    def splits(self) -> Any:
        return self.protocol.splits

    def model(self, config: Config, vectors: PretrainedEmbeddings | None = None) -> Recommender:
        """The config's model before training; its seed fixes all that is random in it."""
        seed_everything(config.training.seed)
        return build_model(config.model, self.dataset, self.splits, config.training.seed, vectors)


def read_dataset(data: DataConfig, seed: int) -> Dataset:
    """Read the files that `data` names, or draw the planted world, and number everything by the seed."""
    return assemble(load_raw(data, data.data_dir, seed), seed, data.inverse_relations)


def prepare(config: Config, dataset: Dataset | None = None) -> Prepared:
    """The data of a config, read (unless it has been) and split."""
    if dataset is None:
        dataset = read_dataset(config.data, config.training.seed)
    return Prepared(dataset, _protocol(config, dataset))


def _protocol(config: Config, dataset: Dataset) -> TrainingProtocol:
    """The config's protocol; what the others need (R: numba's compiler, 50 MB) is not imported."""
    if config.data.protocol == "S":
        from tfkgrec.protocols.sequential.protocol import ProtocolS

        return ProtocolS(config, dataset)
    if config.data.protocol == "R":
        from tfkgrec.protocols.top_n.protocol import ProtocolR

        return ProtocolR(config, dataset)
    return ProtocolC(config, dataset)


def train_run(
    config: Config, run: RunDirectory, resume: bool = False, shared: SharedWork | None = None
) -> dict[str, Any]:
    """Train, choose the best epoch on validation, read the test split once, and leave everything in `run`.

    Args:
        shared: where other runs over the same split may have left their floors and vectors; None makes all anew.

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

    model = prepared.model(config, _vectors(config, prepared, run, shared or SharedWork()))
    fitted = fit(model, prepared.protocol, config.training, run, resume)
    prepared.protocol.finish(model)
    write_model(run.model, model, model.save)
    metrics = evaluate_run(config, prepared, model, fitted.timing, config.evaluation.top_k, shared)
    write_metrics(run.metrics, metrics)
    print(report(metrics))
    return metrics


def evaluate_run(
    config: Config,
    prepared: Prepared,
    model: Recommender,
    timing: dict[str, float],
    top_k: bool,
    shared: SharedWork | None = None,
) -> dict[str, Any]:
    """The metrics of a model with its floors beside it, on the same candidates."""
    return assemble_metrics(
        config.model.name,
        config.data.dataset,
        config.data.protocol,
        config.training.seed,
        prepared.protocol.evaluate(model, top_k),
        (shared or SharedWork()).floors(config, prepared.protocol, top_k),
        timing,
        prepared.dataset.stats(),
    )


def load_run(path: Path) -> tuple[Config, RunDirectory, Recommender]:
    """A finished run: its config, its files, its model."""
    run = RunDirectory(path)
    run.check()
    return load_config(run.config), run, keras.models.load_model(run.model)


def _vectors(config: Config, prepared: Prepared, run: RunDirectory, shared: SharedWork) -> PretrainedEmbeddings | None:
    """What the model starts from: made as the config asks, and kept with the run."""
    if config.pretraining is None:
        return None
    if run.vectors.exists():  # a resumed run starts from what it began with
        return PretrainedEmbeddings.load(run.vectors, prepared.dataset, prepared.splits)
    vectors = shared.vectors(config, prepared.dataset, prepared.splits)
    vectors.save(run.vectors, prepared.dataset, prepared.splits)
    return vectors


def _check_same_settings(config: Config, run: RunDirectory) -> None:
    """A resumed run goes on as it began; only how long it goes on, and what is done with it, may change."""
    before, now = (flatten(settings.to_dict()) for settings in (load_config(run.config), config))
    for key, value in now.items():
        if before.get(key) != value and not key.startswith(MAY_CHANGE):
            raise InputError(f"{key}: expected {before.get(key)}, as the run in {run.path} began, found {value}")
