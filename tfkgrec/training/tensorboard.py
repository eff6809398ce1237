"""A run's curves for TensorBoard, under the step numbers of history.csv.

Keras' callback numbers epochs from 0 and its projector is empty, and it knows nothing of a model's attention.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.training.event_files import write_attention

POINTS = 100  # of a curve of steps, for every epoch
PAIRS = 32  # whose attention is shown
FIRST_PROFILED = 5  # step: those before it are not like the others


class EventFiles(keras.callbacks.Callback):
    """Scalars after steps and epochs, attention now and then. Comes after `Validation`.

        train/       batch_<name> by `step`; epoch_<name> by `epoch`; attention by `epoch`
        validation/  epoch_<name> by `epoch`

    `step` and `epoch` are columns of history.csv. What a step has is the mean over its epoch so far, as Keras logs it.
    Attention is written after epochs 1, 2, 4, 8, .. and the last one.

    Args:
        folder: of the run.
        user, item: held out pairs [n], some of which are looked at.
        profile_steps: so many steps are profiled; 0: none.
    """

    def __init__(self, folder: Path, user: np.ndarray, item: np.ndarray, profile_steps: int = 0) -> None:
        super().__init__()
        self.folder, self.profile_steps = folder, profile_steps
        chosen = np.unique(np.linspace(0, len(user) - 1, min(len(user), PAIRS)).astype(int))
        self.user, self.item = user[chosen].astype(np.int32), item[chosen].astype(np.int32)
        self.epoch = self.looked = 0
        self.profiling = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.writers = {
            part: tf.summary.create_file_writer(str(self.folder / part)) for part in ("train", "validation")
        }

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.profile_steps and self._step(batch) == FIRST_PROFILED:
            tf.profiler.experimental.start(str(self.folder / "train"))
            self.profiling = True

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        steps = self.params["steps"]
        if batch == steps - 1 or batch % max(1, steps // POINTS) == 0:
            with self.writers["train"].as_default():
                for name, value in (logs or {}).items():
                    tf.summary.scalar(f"batch_{name}", value, self._step(batch))
        if self.profiling and self._step(batch) == FIRST_PROFILED + self.profile_steps - 1:
            self._end_profile()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            with self.writers[part].as_default():
                tf.summary.scalar(f"epoch_{name.removeprefix('val_')}", value, epoch + 1)
        if epoch & (epoch + 1) == 0:
            self._look(epoch + 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._look(self.epoch + 1)
        if self.profiling:
            self._end_profile()
        for writer in self.writers.values():
            writer.close()

    def _look(self, epoch: int) -> None:
        if epoch > self.looked and len(self.user):
            self.looked = epoch
            with self.writers["train"].as_default():
                write_attention(self.model.recommender, self.user, self.item, epoch)

    def _step(self, batch: int) -> int:
        """Counted from 1, over all epochs."""
        return self.epoch * int(self.params["steps"]) + batch + 1

    def _end_profile(self) -> None:
        self.profiling = False
        tf.profiler.experimental.stop()
