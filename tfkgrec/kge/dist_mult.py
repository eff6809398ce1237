"""DistMult: a relation weighs the coordinates that two entities share."""

from typing import Any

import keras
from keras import ops

from tfkgrec.kge.knowledge_model import KnowledgeModel

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

    def query(self, known: Any, relation: Any, asked: str) -> Any:
        return known * self.relation(relation)[:, None]

    def compare(self, query: Any, candidate: Any) -> Any:
        return ops.sum(query * candidate, axis=-1)

    def compare_all(self, query: Any, candidates: Any) -> Any:
        return ops.matmul(query, ops.transpose(candidates))

    def penalty(self) -> Any:
        return RELATION_L2 * ops.sum(ops.square(self.relation.table()))
