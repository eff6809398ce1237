"""What all knowledge-graph embeddings have in common: two tables, a plausibility, a margin ranking loss."""

from typing import Unpack

import keras
import numpy as np
from keras import ops

from tfkgrec.layers.embedding import Embedding
from tfkgrec.types import Config, LayerOptions, Tensor

TAIL, HEAD = "tail", "head"  # the side of a triple that is asked for


class KnowledgeModel(keras.Model):
    """Vectors of entities and relations, and how plausible a triple is; a method is what a subclass adds.

    A method says how a relation sees an entity (`project`), what one side of a triple says of the other (`query`), and
    how well an entity answers (`compare`); a triple's score is compare(query(project(h), r), project(t)), higher =
    more plausible.

    Entity vectors have length one after every step; row 0 (padding) stays zero. Triples come in blocks of S that share
    a relation, so that a relation's matrix is read once a block and not once a triple.

    Args:
        num_entities, num_relations: rows of the tables, row 0 included.
        dim: d, width of the vectors.
        margin: gamma of the loss.
        seed: fixes the initial vectors, whatever Keras' global seed is.
    """

    def __init__(
        self,
        num_entities: int,
        num_relations: int,
        dim: int,
        margin: float = 1.0,
        seed: int = 0,
        **kwargs: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**kwargs)
        self.num_entities, self.num_relations, self.dim = num_entities, num_relations, dim
        self.margin, self.seed = margin, seed
        self._tables = 0
        self.entity = self.add_vectors("entity", num_entities, keras.constraints.UnitNorm(axis=1))
        self.add_method()
        self.built = True

    # --- what a method is --------------------------------------------------------------------------------------------

    def add_method(self) -> None:
        """Make `self.relation` and whatever else the method learns."""
        raise NotImplementedError

    def project(self, entity: Tensor, relation: Tensor) -> Tensor:
        """Entities [G, S] as their relations [G] see them, [G, S, k]."""
        return self.entity(entity)

    def query(self, known: Tensor, relation: Tensor, asked: str) -> Tensor:
        """Where the `asked` side ("tail" or "head") of a triple should lie, given the projected other side.

        Shapes: known [G, S, k], relation [G]; result [G, S, k].
        """
        raise NotImplementedError

    def compare(self, query: Tensor, candidate: Tensor) -> Tensor:
        """Plausibility [...] of candidates [..., k] as answers."""
        raise NotImplementedError

    def compare_all(self, query: Tensor, candidates: Tensor) -> Tensor:
        """Queries [B, k] against candidates [E, k]: [B, E], ordered within each row as `compare` orders them."""
        raise NotImplementedError

    # --- what follows from it ----------------------------------------------------------------------------------------

    def score(self, head: Tensor, relation: Tensor, tail: Tensor) -> Tensor:
        """Plausibility [G, S] of triples: head, tail [G, S]; relation [G]."""
        return self.compare(self.query(self.project(head, relation), relation, TAIL), self.project(tail, relation))

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> tuple[Tensor, Tensor]:
        """Scores of the triples [G, S] and of their corruptions [G, S, N].

        Args:
            inputs: relation [G]; head, tail [G, S]; other [G, S, N], the entity that replaces the head where
                `at_head` [G, S, N] says so, else the tail.
        """
        relation, other = inputs["relation"], inputs["other"]
        size, negatives = other.shape[1:]
        entities = ops.concatenate([inputs["head"], inputs["tail"], ops.reshape(other, (-1, size * negatives))], axis=1)
        seen = self.project(entities, relation)  # [G, S (2 + N), k]: one read of each table
        width = seen.shape[-1]
        head, tail = seen[:, :size], seen[:, size : 2 * size]  # [G, S, k]
        score = self.compare(self.query(head, relation, TAIL), tail)  # [G, S]

        other = ops.reshape(seen[:, 2 * size :], (-1, size, negatives, width))
        at_head = inputs["at_head"][..., None]
        false_head = ops.reshape(ops.where(at_head, other, head[:, :, None]), (-1, size * negatives, width))
        false_tail = ops.reshape(ops.where(at_head, tail[:, :, None], other), (-1, size * negatives, width))
        false_score = self.compare(self.query(false_head, relation, TAIL), false_tail)
        return score, ops.reshape(false_score, (-1, size, negatives))

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Mean of max(0, margin - score + false score) over the pairs of weight 1, and the method's penalties."""
        score, false_score = y_pred
        weight = x["weight"]  # [G, S, N]
        hinge = ops.relu(self.margin - score[..., None] + false_score)
        loss = ops.sum(weight * hinge) / ops.maximum(ops.sum(weight), 1.0)
        return loss + self.penalty()

    def penalty(self) -> Tensor:
        """What the method adds to the loss."""
        return 0.0

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Entity [num_entities, d] and relation [num_relations, d] vectors, float32."""
        entity, relation = (ops.convert_to_numpy(table.embeddings) for table in (self.entity, self.relation))
        return entity, relation

    def get_config(self) -> Config:
        names = ("num_entities", "num_relations", "dim", "margin", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def add_vectors(
        self,
        name: str,
        rows: int,
        constraint: keras.constraints.Constraint | None = None,
        initializer: keras.initializers.Initializer | None = None,
    ) -> Embedding:
        """A trained table [rows, d]: uniform in +-6/sqrt(d) (TransE, algorithm 1), then as the constraint has it."""
        self._tables += 1
        if initializer is None:
            limit, seed = 6 / self.dim**0.5, np.random.default_rng([self.seed, 7, self._tables]).integers(2**31)
            initializer = keras.initializers.RandomUniform(-limit, limit, seed=int(seed))
        table = Embedding(rows, self.dim, initializer, embeddings_constraint=constraint, name=name)
        table.build(None)
        if constraint is not None:
            table.embeddings.assign(constraint(table.embeddings))
        return table


def clip_length(vectors: Tensor) -> Tensor:
    """Vectors [..., k], those longer than one cut to length one."""
    return vectors * ops.rsqrt(ops.maximum(ops.sum(ops.square(vectors), axis=-1, keepdims=True), 1.0))
