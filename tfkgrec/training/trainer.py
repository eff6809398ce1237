"""Fit one model on one dataset: the part of a run between data and evaluation."""

import time
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from tfkgrec.config import TrainingConfig
from tfkgrec.data.pipeline import TrainingBatches
from tfkgrec.data.records import Splits
from tfkgrec.evaluation.model_scorer import ModelScorer
from tfkgrec.models.recommender import Recommender
from tfkgrec.tasks.ranking import RankingModel
from tfkgrec.training.callbacks import (
    EpochLines,
    EpochSeeds,
    LastCheckpoint,
    NonFiniteGuard,
    Progress,
    Throughput,
    Validation,
)
from tfkgrec.training.run_directory import RunDirectory


@dataclass(frozen=True)
class Fitted:
    """A trained model, holding the weights of its best epoch, and what training it took.

    Attributes:
        scorer: the model as evaluation wants it (already compiled).
        progress: epochs done, the best of them, the curve.
        timing: `train_seconds`, `examples_per_second`, `steps`, as in metrics.json.
    """

    model: Recommender
    scorer: ModelScorer
    progress: Progress
    timing: dict[str, float]


def fit(
    model: Recommender,
    splits: Splits,
    settings: TrainingConfig,
    run: RunDirectory | None = None,
    resume: bool = False,
    verbose: bool = True,
) -> Fitted:
    """Train until the validation AUC stalls; return the model with its best weights.

    Args:
        model: built, side tables filled.
        run: where checkpoints and TensorBoard events go; None keeps everything in memory (floors, benchmarks).
        resume: go on from the run's last checkpoint, to the same result as an uninterrupted run.
        verbose: a line per epoch, on a terminal with a progress bar.

    Raises:
        InputError: the loss became NaN.
    """
    started = time.perf_counter()
    jit = use_xla(settings.jit_compile)
    batches = TrainingBatches(
        splits=splits,
        batch_size=settings.batch_size,
        items_per_user=settings.items_per_user,
        history_length=model.history_length,
        negatives=settings.negatives,
        seed=settings.seed,
        unknown_user_rate=settings.unknown_user_rate,
    )
    task = RankingModel(model)
    task.compile(optimizer=keras.optimizers.Adam(settings.learning_rate), jit_compile=jit)
    task.optimizer.build(task.trainable_variables)

    progress = Progress()
    scorer = ModelScorer(model, jit)
    throughput = Throughput(batches.examples)
    validation = Validation(scorer, splits.validation, progress, run, settings.patience)
    callbacks: list[Any] = [EpochSeeds(settings.seed), throughput, NonFiniteGuard(batches), validation]
    if run is not None:
        last = LastCheckpoint(run, progress)
        last.set_model(task)
        if resume:
            last.restore()
        board = keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False, update_freq="epoch")
        callbacks += [last, board]
    if verbose:
        callbacks.append(EpochLines(settings.epochs, progress))
    if progress.epoch < settings.epochs and progress.waited() < settings.patience:
        task.fit(
            batches.dataset(progress.epoch),
            initial_epoch=progress.epoch,
            epochs=settings.epochs,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,
        )
    else:
        validation.set_model(task)
    validation.restore_best()
    timing = {
        "train_seconds": time.perf_counter() - started,
        "examples_per_second": throughput.examples_per_second,
        "steps": progress.epoch * batches.steps,
        "epochs": progress.epoch,
        "best_epoch": progress.best_epoch,
    }
    return Fitted(model, scorer, progress, timing)


def use_xla(jit_compile: str | bool) -> bool:
    """Whether to compile with XLA: "auto" is yes, since embeddings dominate every model here (README, speed)."""
    return jit_compile if isinstance(jit_compile, bool) else True


def seed_everything(seed: int) -> None:
    """Seed Keras' initialisers and the backends."""
    keras.utils.set_random_seed(seed)
    tf.random.set_seed(seed)
