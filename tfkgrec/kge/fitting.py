"""Training the small models of this room: Keras' `fit`, with a line now and then and the speed."""

import time
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.progress import Bar, shown

LINES = 10  # of an epoch each, the first ones included

Log = Callable[[str], None]
"""Takes a line, or a table, for people."""


class Fitted(NamedTuple):
    """What training took.

    Attributes:
        per_second: examples, drawing included: the median of the epochs after the first, which compiles.
        losses: after every epoch.
    """

    per_second: float
    losses: list[float]


def fit(
    model: keras.Model,
    batches: keras.utils.PyDataset,
    epochs: int,
    learning_rate: float,
    jit_compile: bool,
    examples: int,
    unit: str,
    log: Log,
) -> Fitted:
    """Train with Adam.

    Args:
        batches: an epoch; redraws itself in `on_epoch_end`.
        examples: how many of `unit` ("triples") an epoch holds.
        log: takes lines for people.

    Raises:
        InputError: the loss became NaN or infinite.
    """
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), jit_compile=jit_compile)
    bar = Bar(epochs * len(batches), "steps", title=f"vectors of {unit}", ends=False)
    lines = _Lines(epochs, examples, unit, log, bar)
    with shown(bar):
        model.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[lines])
    return Fitted(lines.per_second, lines.losses)


class _Lines(keras.callbacks.Callback):
    """Says loss and speed, and stops at a loss that is no number."""

    def __init__(self, epochs: int, examples: int, unit: str, log: Log, bar: Bar) -> None:
        super().__init__()
        self.epochs, self.examples, self.unit, self.log, self.bar = epochs, examples, unit, log, bar
        self.seconds: list[float] = []
        self.losses: list[float] = []
        self.mark = time.perf_counter()

    @property
    def per_second(self) -> float:
        return self.examples / float(np.median(self.seconds[1:] or self.seconds))

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == 0:
            self.mark = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.bar.show(self.bar.done + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        # From end to end: the epoch's batches are drawn in between.
        self.seconds.append(time.perf_counter() - self.mark)
        self.mark = time.perf_counter()
        loss = (logs or {})["loss"]
        if not np.isfinite(loss):
            raise InputError(
                f"pretraining: the loss became {loss} in epoch {epoch + 1}; a smaller learning rate may help"
            )
        self.losses.append(float(loss))
        done = epoch + 1
        if done in (1, 2, self.epochs) or done % max(1, self.epochs // LINES) == 0:
            speed = "compiling" if done == 1 else f"{self.per_second:,.0f} {self.unit}/s"
            self.log(f"  epoch {done}/{self.epochs}  loss {loss:.4f}  {speed}")
