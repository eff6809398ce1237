"""TransH: a relation is a step on a hyperplane of its own."""

import keras
from keras import ops

from tfkgrec.kge.translation import Translation
from tfkgrec.types import Tensor

ORTHOGONALITY_WEIGHT = 0.25  # C, of the paper's range 1/64 .. 1
ORTHOGONALITY_SLACK = 1e-3  # epsilon


@keras.saving.register_keras_serializable("tfkgrec")
class TransH(Translation):
    """e' = e - (w_r . e) w_r;  score = -||h' + d_r - t'||^2, w_r of length one.

    Two relations between the same entities, or many tails of one head, need not fall together: entities are compared
    by what lies in the relation's hyperplane only.

    **Reading:** of the soft constraints (eqs 1-3) the lengths are kept exactly, by scaling after every step; the one
    that keeps d_r in the hyperplane is the penalty of eq 4, a mean over the relations.
    Reference: Wang et al., Knowledge Graph Embedding by Translating on Hyperplanes, AAAI 2014.
    """

    def add_method(self) -> None:
        super().add_method()
        self.normal = self.add_vectors("normal", self.num_relations, keras.constraints.UnitNorm(axis=1))

    def project(self, entity: Tensor, relation: Tensor) -> Tensor:
        vector, normal = self.entity(entity), self.normal(relation)[:, None]  # [G, S, d], [G, 1, d]
        return vector - ops.sum(vector * normal, axis=-1, keepdims=True) * normal

    def penalty(self) -> Tensor:
        step, normal = self.relation.table(), self.normal.table()
        slope = ops.square(ops.sum(step * normal, axis=1)) / ops.maximum(ops.sum(ops.square(step), axis=1), 1e-12)
        return ORTHOGONALITY_WEIGHT * ops.mean(ops.relu(slope - ORTHOGONALITY_SLACK**2))
