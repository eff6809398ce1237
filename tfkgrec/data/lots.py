"""Drawing from a set by keys, so that a thing that comes or goes changes few draws: consistent hashing, made even."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.keyed import mix


@dataclass(frozen=True)
class Lots:
    """Things in slots, one thing at most in each, so that every thing is drawn as often as any other.

    Their number is that of the slots only when it doubles: the slots are twice to four times as many, and a draw that
    falls into an empty one is made again.

    Attributes:
        slots: int32 [2^bits]; 0 is empty.
    """

    slots: np.ndarray

    @classmethod
    def of(cls, things: np.ndarray, keys: np.ndarray) -> "Lots":
        """Give every one of `things` (int32 [n], none of them 0) a slot by its key (uint64 [n]).

        A thing goes where its key says, and on to another slot where that is taken or somebody's key is smaller.
        """
        order = np.argsort(keys, kind="stable")
        things, keys = things[order], keys[order]
        lots = cls(np.zeros(2 ** (2 * len(things)).bit_length(), np.int32))
        homeless = np.arange(len(things))
        turn = 0
        while len(homeless):
            slot = lots._slot(mix(keys[homeless], turn))
            _, first = np.unique(slot, return_index=True)
            settled = first[lots.slots[slot[first]] == 0]
            lots.slots[slot[settled]] = things[homeless[settled]]
            homeless = np.delete(homeless, settled)
            turn += 1
        return lots

    def drawn(self, keys: np.ndarray) -> np.ndarray:
        """What draws of these keys (uint64, any shape) find: a thing, or 0 where nothing is."""
        found: np.ndarray = self.slots[self._slot(keys)]
        return found

    def _slot(self, keys: np.ndarray) -> np.ndarray:
        bits = len(self.slots).bit_length() - 1
        return (keys >> np.uint64(64 - bits)).astype(np.int64)
