"""Steps of training as `fit` takes them, one by one, with their losses and their time."""

import dataclasses
import time

from tfkgrec.config import Config
from tfkgrec.runs.run import Prepared
from tfkgrec.training.trainer import make_task


class TimedSteps:
    """The first steps of a config's training, from its own seed.

    Attributes:
        pairs: labelled examples of a step, in the mean.
        losses, seconds: of the steps taken.
    """

    def __init__(self, config: Config, prepared: Prepared, jit_compile: bool | None = None) -> None:
        """`jit_compile`: whether XLA compiles them; None: as the config has it."""
        training = config.training
        if jit_compile is not None:
            training = dataclasses.replace(training, jit_compile=jit_compile)
        model = prepared.model(config)
        batches = prepared.protocol.batches(model)
        self.pairs = batches.examples / batches.steps
        self._task = make_task(prepared.protocol, model, training, training.learning_rate)
        self._task.make_train_function()
        self._stream = iter(batches.dataset().repeat())
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def take_one(self) -> None:
        """One step more."""
        for mean in self._task.metrics:
            mean.reset_state()
        started = time.perf_counter()
        self.losses.append(float(self._task.train_function(self._stream)["loss"]))
        self.seconds.append(time.perf_counter() - started)
