"""Fit one model under one protocol: the part of a run between data and evaluation."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeAlias

import keras

from tfkgrec.config import TrainingConfig
from tfkgrec.data.shards import Shard
from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender
from tfkgrec.tasks.finite_step import FiniteStepModel
from tfkgrec.training.backend import use_xla
from tfkgrec.training.callbacks import (
    EpochBars,
    EpochLines,
    EpochSeeds,
    LastCheckpoint,
    NonFiniteGuard,
    OneOfMany,
    Progress,
    Throughput,
    Unjudged,
    Validation,
    read_progress,
)
from tfkgrec.training.contract import Batches, TrainingProtocol
from tfkgrec.training.held_out import positives_of
from tfkgrec.training.joined_batches import JoinedBatches
from tfkgrec.training.memory import forget_peak, peak_memory_mb
from tfkgrec.training.row_sparse import FEW, RowSparseAdagrad, RowSparseAdam, read_rows
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.summed_step import over_all
from tfkgrec.training.tensorboard import EventFiles
from tfkgrec.training.workers import ALONE, Workers

DENSE: Mapping[str, str] = {"adam": "Adam", "adagrad": "Adagrad"}
ROW_SPARSE: Mapping[str, type[keras.optimizers.Optimizer]] = {"adam": RowSparseAdam, "adagrad": RowSparseAdagrad}


LearningRate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


@dataclass(frozen=True)
class Stage:
    """A part of training with its own optimizer: `number` is what the model computes (`Recommender.enter_stage`)."""

    number: int
    epochs: int
    patience: int
    learning_rate: float


@dataclass(frozen=True)
class Fitted:
    """What training took.

    Attributes:
        progress: epochs done, the best of them, the curve.
        timing: `train_seconds`, `examples_per_second`, `steps`, as in metrics.json.
    """

    progress: Progress
    timing: dict[str, float]


def fit(
    model: Recommender,
    protocol: TrainingProtocol,
    settings: TrainingConfig,
    run: RunDirectory | None = None,
    resume: bool = False,
    verbose: bool = True,
    epochs: Sequence[int] | None = None,
    watch: Callable[[Progress], None] | None = None,
    workers: Workers = ALONE,
) -> Fitted:
    """Train, stage after stage, until the validation figure stalls; the model is left with its best weights.

    Args:
        model: built, side tables filled.
        run: where checkpoints and TensorBoard events go; None keeps everything in memory (baselines, benchmarks).
        resume: go on from the run's last checkpoint, to the same result as an uninterrupted run.
        verbose: a line after every epoch.
        epochs: train every stage so long, and validate nothing; the model is left as it is then.
        watch: told after every epoch where training stands; what it raises ends it.
        workers: who trains. All of them call this with the same arguments, but for `run`, which the chief alone has;
            the others are left without the best weights.

    Raises:
        InputError: the loss became NaN, or another worker is gone.
    """
    started = time.perf_counter()
    forget_peak()
    stages = _stages(model, settings, epochs)
    batches = all_batches(protocol, model, settings, workers)
    throughput = Throughput(batches.examples)
    resume = resume and run is not None and run.state.exists()
    start = read_progress(run) if resume and run is not None else Progress()
    progress = Progress(**workers.by_chief(lambda: asdict(start)))
    while progress.stage < len(stages):
        stage = stages[progress.stage]
        model.enter_stage(stage.number)
        task = make_task(protocol, model, settings, _learning_rate(stage, settings, batches.steps), workers)
        judged = Validation(lambda: protocol.validate(model), progress, _best(run, progress), stage.patience, workers)
        validation = judged if epochs is None else Unjudged(progress)
        callbacks = [EpochSeeds(settings.seed, workers.index), throughput, NonFiniteGuard(batches, workers)]
        callbacks += [OneOfMany(workers), validation]
        callbacks += [] if run is None else [*_kept(run, progress, task, resume), _events(run, protocol, settings)]
        callbacks += [] if watch is None else [_watched(watch, progress)]
        shown = EpochLines if verbose else EpochBars
        callbacks += [shown(progress.first + stage.epochs, progress)] if workers.chief else []
        share_state(task, workers)
        _fit_stage(task, batches, stage, progress, callbacks)
        validation.set_model(task)
        validation.restore_best()
        progress.next_stage()
        resume = False
    seconds = time.perf_counter() - started
    return Fitted(progress, _timing(seconds, throughput.examples_per_second, progress, batches.steps))


def _timing(seconds: float, examples_per_second: float, progress: Progress, steps: int) -> dict[str, float]:
    return {
        "train_seconds": seconds,
        "examples_per_second": examples_per_second,
        "steps": progress.epoch * steps,
        "epochs": progress.epoch,
        "best_epoch": progress.best_epoch,
        "peak_memory_mb": peak_memory_mb(),
    }


def _watched(watch: Callable[[Progress], None], progress: Progress) -> keras.callbacks.Callback:
    return keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(progress))


def _best(run: RunDirectory | None, progress: Progress) -> Path | None:
    """Where the best weights of the stage go."""
    return None if run is None else run.best_weights(progress.stage)


def _kept(run: RunDirectory, progress: Progress, task: keras.Model, resume: bool) -> list[keras.callbacks.Callback]:
    """What keeps an epoch's results in `run`; `resume` puts the last ones back first."""
    last = LastCheckpoint(run, progress)
    last.set_model(task)
    if resume:
        last.restore()
    return [last]


def _events(run: RunDirectory, protocol: TrainingProtocol, settings: TrainingConfig) -> keras.callbacks.Callback:
    return EventFiles(run.tensorboard, *positives_of(protocol.splits, "validation"), settings.profile_steps)


def _fit_stage(
    task: keras.Model,
    batches: Batches,
    stage: Stage,
    progress: Progress,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """The epochs of a stage that are still to come; none where it has had them all, or has waited long enough."""
    last_epoch = progress.first + stage.epochs
    if progress.epoch < last_epoch and progress.waited() < stage.patience:
        task.fit(
            batches.dataset(progress.epoch),
            initial_epoch=progress.epoch,
            epochs=last_epoch,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,
        )


def all_batches(protocol: TrainingProtocol, model: Recommender, settings: TrainingConfig, workers: Workers) -> Batches:
    """What this worker reads of the training data: shards `index`, `index` + `count`, ... of `settings.shards`."""
    if settings.shards == 1:
        return protocol.batches(model)
    mine = range(workers.index, settings.shards, workers.count)
    parts = [protocol.batches(model, Shard(number, settings.shards)) for number in mine]
    sizes = [size for own in workers.told([[part.steps, part.examples] for part in parts]) for size in own]
    steps, examples = zip(*sizes, strict=True)
    if not min(steps):
        raise InputError(f"training.shards: expected users with training data in each of {settings.shards}, found none")
    return JoinedBatches(parts, max(steps), sum(examples))


def make_task(
    protocol: TrainingProtocol,
    model: Recommender,
    settings: TrainingConfig,
    learning_rate: LearningRate,
    workers: Workers = ALONE,
) -> keras.Model:
    """The protocol's task around `model`, compiled as the settings say."""
    task = protocol.task(model)
    if workers is ALONE:
        return compiled(task, settings, learning_rate)
    if not isinstance(task, FiniteStepModel):
        raise InputError(f"--strategy: expected a task of this package, found {type(task).__name__}")
    task.step = over_all(task, workers, use_xla(settings.jit_compile, model))
    return compiled(task, replace(settings, jit_compile=False), learning_rate)


def share_state(task: keras.Model, workers: Workers) -> None:
    """Let every worker go on from the chief's weights and optimizer."""
    weights = [one for one in task.recommender.variables if one.dtype.startswith("float")]  # others are data
    workers.share([*weights, *task.optimizer.variables])


def compiled(task: keras.Model, settings: TrainingConfig, learning_rate: LearningRate) -> keras.Model:
    """`task` with the optimizer of the settings, built."""
    some_rows = read_rows(task, settings.row_sparse)
    dense: type[keras.optimizers.Optimizer] = getattr(keras.optimizers, DENSE[settings.optimizer])
    optimizer = (ROW_SPARSE[settings.optimizer] if some_rows else dense)(learning_rate)
    if some_rows and settings.row_sparse == "auto":
        optimizer.few = FEW
    task.compile(optimizer=optimizer, jit_compile=use_xla(settings.jit_compile, getattr(task, "recommender", None)))
    optimizer.build(task.trainable_variables)
    return task


def _learning_rate(stage: Stage, settings: TrainingConfig, steps: int) -> LearningRate:
    """Of a stage with epochs of `steps`: a number, or a schedule that the optimizer's own count of steps drives."""
    decay = settings.learning_rate_decay
    if decay == 1:
        return stage.learning_rate
    return keras.optimizers.schedules.ExponentialDecay(stage.learning_rate, steps, decay, staircase=True)


def _stages(model: Recommender, settings: TrainingConfig, epochs: Sequence[int] | None) -> list[Stage]:
    stages = _stages_of(model, settings)
    if epochs is None:
        return stages
    return [replace(one, epochs=n, patience=n + 1) for one, n in zip(stages, epochs, strict=True)]


def _stages_of(model: Recommender, settings: TrainingConfig) -> list[Stage]:
    if model.num_stages == 0:
        return []
    last = Stage(model.num_stages - 1, settings.epochs, settings.patience, settings.learning_rate)
    first = settings.first_stage
    if first is None or model.num_stages == 1:  # an ablation may have lost the first
        return [last]
    return [Stage(0, first.epochs, first.patience, first.learning_rate), last]
