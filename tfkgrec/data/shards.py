"""Users dealt out by the keys of their raw ids: everywhere to the same shard, whoever else there is."""

import dataclasses
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tfkgrec.config import TrainingConfig
from tfkgrec.data.keyed import bucket, mix
from tfkgrec.errors import InputError

Training = TypeVar("Training", bound=TrainingConfig)


@dataclass(frozen=True)
class Shard:
    """The `number`-th of `of` parts of the users, from 0.

    A batch is as many rows of every shard, side by side; a shard's order and draws are its own. So nobody needs to see
    an epoch whole, and who makes which shards changes nothing.
    """

    number: int = 0
    of: int = 1

    def users(self, keys: np.ndarray, seed: int) -> np.ndarray | None:
        """Whose pairs are in it, bool [users] for their keys [users]; None: everybody's."""
        if self.of == 1:
            return None
        chosen: np.ndarray = bucket(mix(keys, seed, "shard"), self.of) == self.number
        return chosen

    def share(self, training: Training) -> Training:
        """The settings of its batches: its part of their size, and a seed of its own.

        Raises:
            InputError: a batch has no row for everyone.
        """
        if self.of == 1:
            return training
        size = training.batch_size // self.of
        if size < getattr(training, "items_per_user", 1):
            found = f"{training.batch_size} for {self.of} shards"
            raise InputError(f"training.batch_size: expected a row for every shard at least, found {found}")
        seed = int(mix(training.seed, self.number, "shard")[0] >> np.uint64(33))
        return dataclasses.replace(training, batch_size=size, seed=seed)


EVERYBODY = Shard()
