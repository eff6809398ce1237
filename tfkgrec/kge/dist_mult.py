"""DistMult: a relation weighs the coordinates that two entities share."""

import keras
from keras import ops

from tfkgrec.kge.knowledge_model import KnowledgeModel
from tfkgrec.types import Tensor

RELATION_L2 = 1e-4  # the paper's regularisation of the relations


@keras.saving.register_keras_serializable("tfkgrec")
class DistMult(KnowledgeModel):
    """score = sum_k h_k r_k t_k: the same in both directions.

    Relation vectors are free, under the L2 penalty of the paper (1e-4); entities have length one, as in the paper.
    Reference: Yang et al., Embedding Entities and Relations for Learning and Inference in Knowledge Bases, ICLR 2015,
    section 3 (Bilinear-diag).
    """

    def add_method(self) -> None:
        self.relation = self.add_vectors("relation", self.num_relations)

    def query(self, known: Tensor, relation: Tensor, asked: str) -> Tensor:
        return known * self.relation(relation)[:, None]

    def compare(self, query: Tensor, candidate: Tensor) -> Tensor:
        return ops.sum(query * candidate, axis=-1)

    def compare_all(self, query: Tensor, candidates: Tensor) -> Tensor:
        return ops.matmul(query, ops.transpose(candidates))

    def penalty(self) -> Tensor:
        return RELATION_L2 * ops.sum(ops.square(self.relation.table()))
