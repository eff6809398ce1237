"""What happens around an epoch: validation, checkpoints, stopping, the log file, the watch for NaN."""

import contextlib
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from tfkgrec.errors import InputError
from tfkgrec.files import read_json, reading, write_text
from tfkgrec.progress import Bar, say, shown
from tfkgrec.training.contract import Batches
from tfkgrec.training.diagnose import first_non_finite_layer
from tfkgrec.training.run_directory import RunDirectory, write_model
from tfkgrec.training.workers import ALONE, Workers

NAN_CHECK_STEPS = 50


class NonFiniteLossError(InputError):
    """Training met a NaN or an infinity."""


@dataclass
class Progress:
    """Where training stands; saved with every checkpoint, so that a resumed run goes on as if nothing had happened."""

    epoch: int = 0  # epochs done, all stages counted
    stage: int = 0  # place in the run's list of stages
    first: int = 0  # epochs done when the stage began
    best: float = float("-inf")  # of the stage, of the validation figure that chooses
    best_epoch: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)  # history.csv

    def waited(self) -> int:
        """Epochs of this stage since its best one."""
        return self.epoch - max(self.best_epoch, self.first)

    def next_stage(self) -> None:
        """Begin to count anew."""
        self.stage, self.first, self.best = self.stage + 1, self.epoch, float("-inf")


class EpochSeeds(keras.callbacks.Callback):
    """Give every random layer a state that depends on (seed, epoch) only: dropout, too, survives a resume.

    And on which worker this is, so that no two drop the same.
    """

    def __init__(self, seed: int, worker: int = 0) -> None:
        super().__init__()
        self.seed, self.worker = [seed], [worker] if worker else []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for number, layer in enumerate(self.model._flatten_layers()):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                state = np.random.SeedSequence([*self.seed, epoch, number, *self.worker]).generate_state(2)
                generator.state.assign(state.astype(generator.state.dtype))


class Throughput(keras.callbacks.Callback):
    """Add `examples_per_second` (labelled examples, validation left out) and `learning_rate` to the logs."""

    def __init__(self, examples: int) -> None:
        super().__init__()
        self.examples = examples
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.seconds.append(time.perf_counter() - self.start)
        if logs is not None:
            logs["examples_per_second"] = self.examples / self.seconds[-1]
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    @property
    def examples_per_second(self) -> float:
        """Over all epochs but the first, which compiles."""
        usual = self.seconds[1:] or self.seconds
        return self.examples / float(np.median(usual)) if usual else 0.0


class EpochBars(keras.callbacks.Callback):
    """A bar of the steps of every epoch, the first one's compiling and the validation at its end included."""

    def __init__(self, epochs: int, progress: Progress) -> None:
        super().__init__()
        self.epochs, self.progress = epochs, progress
        self.head = ""
        self.bar = Bar(0, "")
        self.bars = contextlib.ExitStack()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.head = f"epoch {epoch + 1:{len(str(self.epochs))}}/{self.epochs}"
        self.bar = Bar(self.params["steps"], "steps", title=self.head, ends=False)
        self.bars.enter_context(shown(self.bar))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.bar.show(batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.bars.close()


class EpochLines(EpochBars):
    """The same, and a line for people after every epoch. Comes after `Validation`."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        logs = logs or {}
        told = [name for name in logs if name in ("loss", "auc")] + [name for name in logs if name.startswith("val_")]
        figures = "  ".join(f"{name.replace('_', ' ')} {logs[name]:.4f}" for name in told)
        line = f"{self.head}  {figures}  {logs['examples_per_second']:,.0f} examples/s"
        say(line, epoch=epoch + 1, epochs=self.epochs, **{name: float(value) for name, value in logs.items()})

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        progress = self.progress
        if not progress.rows:
            return
        chosen = f"epoch {progress.best_epoch}, {_chooser(progress)} {progress.best:.4f}"
        say(f"best on validation: {chosen}", best_epoch=progress.best_epoch, best=progress.best)


def _chooser(progress: Progress) -> str:
    """The validation figure that chooses the epoch, in words."""
    return next(name for name in progress.rows[-1] if name.startswith("val_")).replace("_", " ")


class NonFiniteGuard(keras.callbacks.Callback):
    """Stop on a NaN, and say which layer it came from; all workers see it at the same step, whoever's it is."""

    def __init__(self, batches: Batches, workers: Workers = ALONE) -> None:
        super().__init__()
        self.batches, self.workers = batches, workers
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if batch % NAN_CHECK_STEPS == NAN_CHECK_STEPS - 1:
            self._check(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._check(logs)

    def _check(self, logs: dict[str, Any] | None) -> None:
        if logs is None or np.isfinite(float(logs["loss"])):
            return
        # The task holds still on a non-finite step, so the weights are still those that led to it.
        inputs = (batch[0] for batch in self.batches.batches(self.epoch))
        found = self.workers.told(first_non_finite_layer(self.model.recommender, inputs))
        layer = next(filter(None, found), None)
        where = (
            f"the first layer with a non-finite output is {layer}"
            if layer
            else "all outputs are finite, a gradient is not"
        )
        raise NonFiniteLossError(
            f"training.learning_rate: expected a finite loss, found NaN or infinity in epoch "
            f"{self.epoch + 1}; {where}. "
            f"Try a smaller learning rate than {float(self.model.optimizer.learning_rate):g}"
        )


class OneOfMany(keras.callbacks.Callback):
    """The figures of an epoch over all workers; and whether these are still alike. Comes before who reads figures."""

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self.workers = workers

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.workers is ALONE:
            return
        for metric in self.model.metrics:  # sums and counts, all of them
            totals = self.workers.sums([variable.value for variable in metric.variables])
            for variable, total in zip(metric.variables, totals, strict=True):
                variable.assign(total)
            if logs is not None:
                logs[metric.name] = float(metric.result())
        self.workers.check_alike("weights", digest_weights(self.model.recommender.trainable_variables))


def digest_weights(variables: Iterable[keras.Variable]) -> str:
    """Of all their bits."""
    digest = hashlib.blake2b(digest_size=16)
    for variable in variables:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()


class Validation(keras.callbacks.Callback):
    """The protocol's validation figures after every epoch; keeps the best weights; stops when they stall.

    The chief of the workers judges and keeps; the others hear what it found.
    """

    def __init__(
        self,
        validate: Callable[[], dict[str, float]],
        progress: Progress,
        best_weights: Path | None,
        patience: int,
        workers: Workers = ALONE,
    ) -> None:
        super().__init__()
        self.validate, self.progress, self.best_weights, self.patience = validate, progress, best_weights, patience
        self.workers = workers
        self.best: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        figures: dict[str, float] = self.workers.by_chief(self.validate)
        logs.update(figures)
        progress = self.progress
        progress.epoch = epoch + 1
        place = {"epoch": epoch + 1, "step": (epoch + 1) * self.params["steps"], "stage": progress.stage}
        row = {**place, **{name: float(value) for name, value in logs.items()}}
        progress.rows.append(row)
        chosen_by = next(iter(figures.values()))
        if chosen_by > progress.best:
            progress.best, progress.best_epoch = float(chosen_by), epoch + 1
            if self.workers.chief:
                self._keep()
        if progress.waited() >= self.patience:
            self.model.stop_training = True

    def _keep(self) -> None:
        recommender = self.model.recommender
        if self.best_weights is None:
            self.best = recommender.get_weights()
        else:
            write_model(self.best_weights, recommender, recommender.save_weights)

    def restore_best(self) -> None:
        """Put the weights of the best epoch back."""
        if self.best_weights is not None:
            with reading(self.best_weights):
                self.model.recommender.load_weights(self.best_weights)
        elif self.best is not None:
            self.model.recommender.set_weights(self.best)


class Unjudged(keras.callbacks.Callback):
    """In the place of `Validation`, where nothing is held out: only counts."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.progress.epoch = epoch + 1

    def restore_best(self) -> None:
        """The last is the one."""


class LastCheckpoint(keras.callbacks.Callback):
    """Weights and optimizer of the last epoch, and the progress that belongs to them.

    The weights' file name carries the epoch and `state.json` names it, so whatever a kill leaves behind is a pair.
    """

    def __init__(self, run: RunDirectory, progress: Progress) -> None:
        super().__init__()
        self.run, self.progress = run, progress

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        weights = self.run.checkpoint / f"epoch-{epoch + 1:05d}.weights.h5"
        write_model(weights, self.model, self.model.save_weights)
        write_text(self.run.state, json.dumps({"weights": weights.name, **dataclasses.asdict(self.progress)}))
        pd.DataFrame(self.progress.rows).pipe(lambda table: write_text(self.run.history, table.to_csv(index=False)))
        for old in self.run.checkpoint.glob("epoch-*.weights.h5"):
            if old.name != weights.name:
                old.unlink()

    def restore(self) -> None:
        """Put the weights and the optimizer of the last epoch back."""
        with reading(self.run.state):
            weights = self.run.checkpoint / str(read_json(self.run.state)["weights"])
        with reading(weights):
            self.model.load_weights(weights)


def read_progress(run: RunDirectory) -> Progress:
    """Where a run stands that was cut off."""
    state = read_json(run.state)
    with reading(run.state):
        return Progress(**{field.name: state[field.name] for field in dataclasses.fields(Progress)})
