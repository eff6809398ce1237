"""TransE: a relation is a step."""

import keras
from keras import ops

from tfkgrec.kge.translation import Translation
from tfkgrec.types import Tensor

TINY = 1e-12  # keeps the gradient of a distance of nought finite


@keras.saving.register_keras_serializable("tfkgrec")
class TransE(Translation):
    """score = -||h + r - t||.

    **Reading:** the paper offers L1 and L2; this is L2, not squared.
    Reference: Bordes et al., Translating Embeddings for Modeling Multi-relational Data, NeurIPS 2013, algorithm 1.
    """

    def compare(self, query: Tensor, candidate: Tensor) -> Tensor:
        return -ops.sqrt(ops.sum(ops.square(query - candidate), axis=-1) + TINY)
