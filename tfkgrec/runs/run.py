"""A whole run, config to metrics, and a finished run brought back: the one room that sees a config whole."""

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tfkgrec import registry
from tfkgrec.config import Config
from tfkgrec.config.load import kept_with
from tfkgrec.data.records import BadRow, Dataset
from tfkgrec.datasets.load import load_dataset, load_splits
from tfkgrec.errors import InputError
from tfkgrec.evaluation.report import assemble_metrics, report, write_metrics
from tfkgrec.evaluation.summary import flatten
from tfkgrec.files import write_aside, write_text
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.build import build_model
from tfkgrec.models.data_size import settled
from tfkgrec.models.recommender import Recommender
from tfkgrec.progress import phase, say
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.data_cache import kept_data
from tfkgrec.runs.fingerprint import check_same_data, fingerprint, write_fingerprint
from tfkgrec.runs.id_files import write_id_files
from tfkgrec.runs.members import check_members, member_configs, timing_with, train_members
from tfkgrec.runs.refit import check_final_fit, final_fit
from tfkgrec.runs.tensorboard import show_items, show_pretraining, show_trial
from tfkgrec.runs.test_reads import note_test_read
from tfkgrec.runs.version_0_1 import read_config, read_model
from tfkgrec.runs.warm_start import start_from
from tfkgrec.training.backend import seed_everything
from tfkgrec.training.contract import Metrics, Splits, TrainingProtocol
from tfkgrec.training.run_directory import RunDirectory, environment, write_model, write_test_scores
from tfkgrec.training.trainer import Fitted, fit
from tfkgrec.training.workers import ALONE, Workers

MAY_CHANGE = (
    "training.epochs",
    "training.patience",
    "training.final_fit",
    "training.profile_steps",
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
    def splits(self) -> Splits:
        return self.protocol.splits

    def settled(self, config: Config) -> Config:
        """The config with all that it leaves to the data decided, as config.yaml has it."""
        model = settled(config.model, self.dataset, self.splits.train_history)
        return dataclasses.replace(config, model=model, training=self.protocol.training)

    def model(
        self,
        config: Config,
        embeddings: PretrainedEmbeddings | None = None,
        members: Mapping[str, Recommender] | None = None,
    ) -> Recommender:
        """The config's model before training; its seed fixes all that is random in it.

        Args:
            members: trained models that it is made of, if it is made of such.
        """
        seed = config.training.seed
        seed_everything(seed)
        histories = getattr(config.data.split, "history", "newest")
        history = self.splits.train_history
        with phase("building the model"):
            return build_model(config.model, self.dataset, history, seed, embeddings, histories, members)


def read_dataset(config: Config) -> Dataset:
    """The data of a config, not split yet."""
    return load_dataset(config.data, config.training.seed)


def prepare(config: Config, dataset: Dataset | None = None, cache: Path | None = None) -> Prepared:
    """The data of a config, read (unless they have been) and split.

    Args:
        cache: a folder of data prepared before, in which these are looked for and kept (data_cache.py).
    """
    if cache is not None and dataset is None:
        return _with_protocol(config, *kept_data(cache, config, lambda: _parts(prepare(config))))
    if dataset is None:
        dataset = read_dataset(config)
    with phase("splitting"):
        return _with_protocol(config, dataset, load_splits(config.data, dataset, config.training.seed))


def _parts(prepared: Prepared) -> tuple[Dataset, Splits]:
    return prepared.dataset, prepared.splits


def _with_protocol(config: Config, dataset: Dataset, splits: Splits | None) -> Prepared:
    """With the protocol that the config names, which draws the splits where there are none."""
    make = registry.load(registry.protocol(config.data.protocol).make)
    given = () if splits is None else (splits,)
    return Prepared(dataset, make(dataset, config.data.split, config.training, config.evaluation, *given))


def train_run(
    config: Config,
    run: RunDirectory,
    resume: bool = False,
    cache: RunCache | None = None,
    dataset: Dataset | None = None,
    start: str | Path | None = None,
    data_cache: Path | None = None,
    workers: Workers = ALONE,
) -> dict[str, Any]:
    """Train, choose the best epoch on validation, read the test split once, and leave everything in `run`.

    With `training.final_fit` also the same model trained on everything, which is what is exported.

    Args:
        cache: where other runs over the same split may have left their baselines and vectors; None makes all anew.
        dataset: what the config's data hold, if it has been read.
        start: a finished run of the same model, perhaps of older data, from whose weights this one starts.
        data_cache: folder of prepared data, to read them from or to keep them in.
        workers: who trains it with this process, their chief; the others `train_along`.

    Returns:
        The content of metrics.json.
    """
    config.check_run()
    resume = run.check_start(resume)
    started = time.perf_counter()
    members = member_configs(config)
    prepared = prepare(config, dataset, data_cache)
    config, dataset, splits = prepared.settled(config), prepared.dataset, prepared.splits
    if resume:
        _check_same(config, run, prepared)
    check_final_fit(config, dataset)
    check_members(members, dataset)
    vectors = _embeddings(config, prepared, run, cache or RunCache())
    model = None if members else prepared.model(config, vectors)  # data that will not do leave no folder behind
    said = [] if start is None else _start(model, config, dataset, Path(start))
    if not resume:
        _begin(config, run, prepared)
    _keep_vectors(vectors, run, prepared)
    for line in (*dataset.report, *splits.report, *said):
        say(line)
    if model is None:
        model = prepared.model(config, vectors, train_members(config, members, run, dataset, cache))
    if not resume:
        show_pretraining(run, vectors)
    fitted = _train(config, run, prepared, model, resume, workers)
    metrics = _judge(config, run, prepared, model, timing_with(members, run, fitted.timing), cache, started)
    final_fit(config, run, prepared, model)
    return metrics


def train_along(config: Config, workers: Workers) -> None:
    """A worker's part of `train_run` where another one is the chief: no folder is read, and nothing is left in one."""
    config.check_run()
    prepared = prepare(config)
    config = prepared.settled(config)
    history = prepared.splits.train_history
    vectors = None if config.pretraining is None else RunCache().embeddings(config, prepared.dataset, history)
    model = prepared.model(config, vectors)
    _check_alike(config, prepared, workers)
    fit(model, prepared.protocol, config.training, workers=workers)


def for_workers(config: Config, workers: Workers) -> Config:
    """The config with a shard of the users for every worker, where it does not name more.

    Raises:
        InputError: the shards cannot be shared out evenly, or the model is made of others, which are runs of their own.
    """
    training, count = config.training, workers.count
    if count == 1:
        return config
    if registry.model(config.model.name).name == "fusion":
        raise InputError("--strategy: expected a model that is not made of others (train these with it), found fusion")
    shards = count if training.shards == 1 else training.shards
    if shards % count:
        raise InputError(f"training.shards: expected a multiple of {count}, the number of workers, found {shards}")
    return dataclasses.replace(config, training=dataclasses.replace(training, shards=shards))


def _check_alike(config: Config, prepared: Prepared, workers: Workers) -> None:
    """Raise `InputError`, on all workers, unless they train the same on the same data."""
    if workers is not ALONE:
        settings = {key: value for key, value in flatten(config.to_dict()).items() if not key.startswith(MAY_CHANGE)}
        workers.check_alike("settings", {key: str(value) for key, value in settings.items()})
        workers.check_alike("data", fingerprint(prepared.dataset, prepared.splits))


def _start(model: Recommender | None, config: Config, dataset: Dataset, run_dir: Path) -> list[str]:
    if model is None:
        raise InputError(f"--from {run_dir}: expected a model that is not made of others, found {config.model.name}")
    return start_from(model, config.model.name, dataset, run_dir)


def _train(
    config: Config, run: RunDirectory, prepared: Prepared, model: Recommender, resume: bool, workers: Workers
) -> Fitted:
    with phase("training"):
        _check_alike(config, prepared, workers)
        fitted = fit(model, prepared.protocol, config.training, run, resume, workers=workers)
        prepared.protocol.finalize(model)
    run.final_model.unlink(missing_ok=True)  # of epochs that another model chose
    if resume:
        _write_settings(config, run)  # with what they led to: a resume that fails leaves the run as it was
    write_model(run.model, model, model.save)
    show_items(run, model, prepared.dataset, prepared.splits.train_history)
    return fitted


def _judge(
    config: Config,
    run: RunDirectory,
    prepared: Prepared,
    model: Recommender,
    timing: dict[str, float],
    cache: RunCache | None,
    started: float,
) -> dict[str, Any]:
    """Read the test split, and keep and tell what was read: the metrics. `started` is when the run began."""
    note_test_read(run, config.data.dataset, prepared.splits, config.training.seed)
    metrics = evaluate_run(config, prepared, model, timing, cache, lambda own: write_metrics(run.metrics, own))
    write_test_scores(run, getattr(prepared.protocol, "test_scores", {}))
    metrics["timing"]["run_seconds"] = time.perf_counter() - started
    write_metrics(run.metrics, metrics)
    show_trial(run, config, metrics)
    say(report(metrics), metrics=metrics)
    return metrics


def _keep_vectors(vectors: PretrainedEmbeddings | None, run: RunDirectory, prepared: Prepared) -> None:
    if vectors is not None and not run.vectors.exists():
        vectors.save(run.vectors, prepared.dataset, prepared.splits.train_history)


def _begin(config: Config, run: RunDirectory, prepared: Prepared) -> None:
    """Write what a resumed run is checked against, then the settings."""
    write_id_files(run.vocabularies, prepared.dataset, prepared.splits.train_history)
    write_fingerprint(run, prepared.dataset, prepared.splits)
    _write_bad_rows(run, prepared.dataset)
    _write_settings(config, run)


def _write_bad_rows(run: RunDirectory, dataset: Dataset) -> None:
    if dataset.bad:
        rows = pd.DataFrame(dataset.bad, columns=list(BadRow._fields))
        write_aside(run.bad_rows, lambda aside: rows.to_csv(aside, index=False))
        say(f"{len(rows):,} rows that cannot be read: {run.bad_rows}")


def _write_settings(config: Config, run: RunDirectory) -> None:
    write_text(run.config, kept_with(config, run.path, run.outermost).to_yaml())
    write_text(run.environment, json.dumps(environment(), indent=2))


def evaluate_run(
    config: Config,
    prepared: Prepared,
    model: Recommender,
    timing: dict[str, float],
    cache: RunCache | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """The metrics of a model with its baselines beside it, on the same candidates.

    Args:
        keep: gets the metrics of the model before the baselines begin, which may take more memory than there is.
    """
    name, data = config.model.name, config.data
    with phase("evaluation"):
        results, stats = prepared.protocol.evaluate(model), prepared.dataset.stats()

    def metrics(floors: dict[str, Metrics] | None) -> dict[str, Any]:
        return assemble_metrics(name, data.dataset, data.protocol, config.training.seed, results, floors, timing, stats)

    if keep is not None:
        keep(metrics(None))
    return metrics((cache or RunCache()).baselines(config, prepared.protocol))


def load_run(path: str | Path) -> tuple[Config, RunDirectory, Recommender]:
    """A finished run: its config, its files, its model. Runs of version 0.1 load, too."""
    run = RunDirectory(Path(path))
    run.check()
    config = read_config(run.config)
    return config, run, read_model(run.model, config.model.name)


def _embeddings(config: Config, prepared: Prepared, run: RunDirectory, cache: RunCache) -> PretrainedEmbeddings | None:
    """What the model starts from, made as the config asks."""
    if config.pretraining is None:
        return None
    history = prepared.splits.train_history
    if run.vectors.exists():  # a resumed run starts from what it began with
        return PretrainedEmbeddings.load(run.vectors, prepared.dataset, history)
    with phase("pre-training"):
        return cache.embeddings(config, prepared.dataset, history)


def _check_same(config: Config, run: RunDirectory, prepared: Prepared) -> None:
    """A resumed run goes on as it began; only how long it goes on, and what is done with it, may change."""
    before, now = (flatten(settings.to_dict()) for settings in (read_config(run.config), config))
    for key, value in now.items():
        if before.get(key) != value and not key.startswith(MAY_CHANGE):
            raise InputError(f"{key}: expected {before.get(key)}, as the run in {run.path} began, found {value}")
    check_same_data(run, prepared.dataset, prepared.splits)
