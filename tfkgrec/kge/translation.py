"""A relation as a step from head to tail: what TransE, TransH, TransR and TransD share."""

import keras
from keras import ops

from tfkgrec.kge.knowledge_model import TAIL, KnowledgeModel
from tfkgrec.types import Tensor

MAX_RELATION_NORM = 1.0


class Translation(KnowledgeModel):
    """score = -||h' + r - t'||^2, h' and t' being the head and the tail as the relation sees them.

    **Reading:** the papers leave r free (TransE) or ask for ||r|| <= 1 (TransR, TransD). It is held to at most 1 in all
    four: free relation vectors grow (to a length of 5 with the squared distance, we found), and whoever adds e + r to
    something then sees r only.
    """

    def add_method(self) -> None:
        constraint = keras.constraints.MaxNorm(MAX_RELATION_NORM, axis=1)
        self.relation = self.add_vectors("relation", self.num_relations, constraint)

    def query(self, known: Tensor, relation: Tensor, asked: str) -> Tensor:
        step = self.relation(relation)[:, None]  # [G, 1, d]
        return known + step if asked == TAIL else known - step

    def compare(self, query: Tensor, candidate: Tensor) -> Tensor:
        return -ops.sum(ops.square(query - candidate), axis=-1)

    def compare_all(self, query: Tensor, candidates: Tensor) -> Tensor:
        square = ops.sum(ops.square(candidates), axis=1)[None]  # ||q||^2 is the same all along a row
        return 2 * ops.matmul(query, ops.transpose(candidates)) - square
