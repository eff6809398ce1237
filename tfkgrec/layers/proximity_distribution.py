"""HKRM's proximity distributions (Sun et al. 2020, section 2.2.3, eqs 4-5)."""

import keras
from keras import ops

from tfkgrec.layers.masked import masked_softmax, normalise
from tfkgrec.types import Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class ProximityDistribution(keras.layers.Layer):
    """How important each attribute field is to a user and to an item: distributions over the A fields.

    p(a_j|q) = sum_i alpha_i softmax_j(o_j^{e_i} . (r_j * q_s))     (4)   the call
    p(a_j|t) = softmax_j(o_j^t . (r_j * t_s))                       (5)   `of_items`, `of_rows`

    R_j is diagonal, as in DistMult: one vector r_j per field.

    Reading: eq 4 sums |q| softmaxes, which is no distribution. They are weighted by alpha, and history items without
    any field have no say, so that p(.|q) sums to one. Fields that an item does not have are left out of its softmax.

    Call arguments:
        field_vectors: o_j of every history item [G, T, A, d].
        query: q_s [G, M, d].
        alpha: weights of the history items [G, M, T].
        field_mask: bool [G, T, A], which fields each history item has.

    Output: p(.|q) [G, M, A]; zeros where no visible item has a field.
    """

    def build(self, field_vectors_shape: Shape, query_shape: Shape, *_: Shape, **__: Shape) -> None:
        self.num_fields, dim = field_vectors_shape[-2:]
        self.relation = self.add_weight(shape=(self.num_fields, dim), initializer="glorot_uniform", name="relation")

    def call(self, field_vectors: Tensor, query: Tensor, alpha: Tensor, field_mask: Tensor) -> Tensor:
        # (o_j * r_j) once per user; then one matrix product per user for all pairs, history items and fields.
        keys = field_vectors * ops.cast(self.relation, field_vectors.dtype)  # [G, T, A, d]
        fields, dim = keys.shape[2:]
        steps = keys.shape[1] or ops.shape(keys)[1]
        keys = ops.reshape(keys, (-1, steps * fields, dim))
        scores = ops.matmul(query, ops.transpose(keys, (0, 2, 1)))  # [G, M, T A]
        scores = ops.reshape(scores, (-1, query.shape[1] or ops.shape(query)[1], steps, fields))
        mask = ops.broadcast_to(ops.expand_dims(field_mask, 1), ops.shape(scores))
        each = masked_softmax(scores, mask)  # [G, M, T, A], zeros for an item without fields
        return normalise(ops.sum(ops.expand_dims(alpha, -1) * each, axis=2))  # [G, M, A]

    def of_items(
        self, field_vectors: Tensor, slot_field: Tensor, slot_item_vectors: Tensor, item_slot: Tensor
    ) -> Tensor:
        """p(.|t) of every item (eq 5).

        Args:
            field_vectors: o of every slot, a field that an item has, [S + 1, d]; slot 0 is none.
            slot_field: field of each slot, int32 [S + 1].
            slot_item_vectors: t_s of the item of each slot [S + 1, d].
            item_slot: int32 [items, A], 0 where an item does not have the field.

        Returns:
            [items, A]; zeros for an item without any field.
        """
        relation = ops.take(ops.multiply(ops.convert_to_tensor(self.relation), 1.0), slot_field, axis=0)
        scores = ops.sum(field_vectors * relation * slot_item_vectors, axis=-1)  # [S + 1]
        return masked_softmax(ops.take(scores, item_slot, axis=0), ops.not_equal(item_slot, 0))

    def of_rows(self, field_vectors: Tensor, item_vectors: Tensor, mask: Tensor) -> Tensor:
        """The same of items whose fields stand side by side: p(.|t) [..., A].

        Args:
            field_vectors: o of every field [..., A, d].
            item_vectors: t_s [..., d].
            mask: bool [..., A], which fields each item has.
        """
        keys = field_vectors * ops.cast(ops.convert_to_tensor(self.relation), field_vectors.dtype)
        return masked_softmax(ops.sum(keys * ops.expand_dims(item_vectors, -2), axis=-1), mask)

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(self, field_vectors_shape: Shape, query_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return (*query_shape[:-1], field_vectors_shape[-2])
