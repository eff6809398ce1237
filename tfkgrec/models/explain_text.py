"""An explanation as sentences for people, from the outputs of a model's `explain` signature.

Each model explains itself with other outputs; a narrator is chosen by the outputs that are there, so a new model adds
a file to serving/narrators/ and a line to `_NARRATORS`.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tfkgrec.models.dink import explain_text as dink
from tfkgrec.models.ekpnet import explain_text as ekpnet
from tfkgrec.models.hkrm import explain_text as hkrm
from tfkgrec.models.kgcn import explain_text as kgcn
from tfkgrec.models.ksr import explain_text as ksr
from tfkgrec.models.rkan import explain_text as rkan

Row = Mapping[str, np.ndarray]


def narrate(outputs: Mapping[str, np.ndarray], user: str, item: str, row: int = 0) -> list[str]:
    """The lines that explain why `user` gets `item`.

    Args:
        outputs: the arrays of `explain`, first dimension the batch.
        user, item: the raw ids asked about.
        row: which of the batch.
    """
    this = {name: array[row] for name, array in outputs.items()}
    for needed, narrator in _NARRATORS:
        if needed <= this.keys():
            return narrator(this, user, item)
    return _plain(this, user, item)


def _plain(row: Row, user: str, item: str) -> list[str]:
    """A model that no narrator knows: what it said, as it said it."""
    return [f"user {user}, item {item}:", *(f"  {name}: {np.asarray(row[name]).tolist()}" for name in sorted(row))]


_NARRATORS: Sequence[tuple[frozenset[str], Callable[[Row, str, str], list[str]]]] = (
    (dink.NEEDS, dink.narrate),
    (ekpnet.NEEDS, ekpnet.narrate),
    (hkrm.NEEDS, hkrm.narrate),
    (ksr.NEEDS, ksr.narrate),
    (rkan.NEEDS, rkan.narrate),
    (kgcn.NEEDS, kgcn.narrate),
)
"""The outputs that a narrator reads, and the narrator; KGCN's are all among DINK's, so it comes after it."""
