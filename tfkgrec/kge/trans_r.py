"""TransR: a relation is a step in a space of its own."""

import keras
import numpy as np
from keras import ops

from tfkgrec.kge.knowledge_model import clip_length
from tfkgrec.kge.translation import Translation
from tfkgrec.layers.embedding import Embedding
from tfkgrec.types import Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class TransR(Translation):
    """e' = e M_r, M_r [d, d];  score = -||h' + r - t'||^2, ||e'|| <= 1.

    **Reading:** the relation space is as wide as the entity space. ||e'|| <= 1 is kept by cutting longer e' to length
    one. M_r starts as the identity, as in the paper; the vectors start at random, not from TransE.
    Reference: Lin et al., Learning Entity and Relation Embeddings for Knowledge Graph Completion, AAAI 2015, eqs 5-7.
    """

    def add_method(self) -> None:
        super().add_method()
        width = self.dim * self.dim
        self.matrix = Embedding(self.num_relations, width, _identities, name="matrix")
        self.matrix.build(None)

    def project(self, entity: Tensor, relation: Tensor) -> Tensor:
        matrix = ops.reshape(self.matrix(relation), (-1, self.dim, self.dim))  # [G, d, d]
        return clip_length(ops.matmul(self.entity(entity), matrix))


def _identities(shape: tuple[int, int], dtype: str | None = None) -> Tensor:
    """Rows of identity matrices, flat."""
    rows, width = shape
    identity = np.eye(round(width**0.5)).reshape(1, width)
    return ops.cast(ops.convert_to_tensor(np.repeat(identity, rows, axis=0)), dtype or "float32")
