"""TransD: a relation's space depends on the entity, too, at the price of vectors."""

import keras
from keras import ops

from tfkgrec.kge.knowledge_model import clip_length
from tfkgrec.kge.translation import Translation
from tfkgrec.layers.embedding import Embedding
from tfkgrec.types import Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class TransD(Translation):
    """e' = (r_p e_p^T + I) e = e + (e_p . e) r_p;  score = -||h' + r - t'||^2, ||e'|| <= 1.

    Every entity and relation has a second vector (e_p, r_p) that says how it is projected.

    **Reading:** relation vectors are as wide as entity vectors. ||e'|| <= 1 is kept by cutting longer e' to length one;
    the projection vectors are held to length one at most.
    Reference: Ji et al., Knowledge Graph Embedding via Dynamic Mapping Matrix, ACL 2015, eqs 11-16.
    """

    def add_method(self) -> None:
        super().add_method()
        self.entity_projection = self._projection("entity_projection", self.num_entities)
        self.relation_projection = self._projection("relation_projection", self.num_relations)

    def _projection(self, name: str, rows: int) -> Embedding:
        return self.add_vectors(name, rows, keras.constraints.MaxNorm(1.0, axis=1))

    def project(self, entity: Tensor, relation: Tensor) -> Tensor:
        vector, own = self.entity(entity), self.entity_projection(entity)  # [G, S, d]
        along = self.relation_projection(relation)[:, None]  # [G, 1, d]
        return clip_length(vector + ops.sum(own * vector, axis=-1, keepdims=True) * along)
