"""EKPNet's asymmetric semantic attention (Zhang et al. 2022, section 4.2, eqs 6-11)."""

import keras
from keras import ops

from tfkgrec.layers.masked import masked_softmax
from tfkgrec.types import Shape, Tensor


def semantic_transform(vector: Tensor, own: Tensor, relation: Tensor) -> Tensor:
    """psi(v) = (gamma_e gamma_r^T) v = gamma_e (gamma_r . v) (7, 8): rank one, so never a d x d matrix.

    Args:
        vector: v of heads or tails, [..., d].
        own: gamma of the same entities, [..., d].
        relation: gamma of the triples' relations, [..., d].

    Returns:
        [..., d].
    """
    return own * ops.sum(relation * vector, axis=-1, keepdims=True)


@keras.saving.register_keras_serializable("tfkgrec")
class AsymmetricAttention(keras.layers.Layer):
    """How much each triple of one hop matters for a candidate, and what the hop says about it.

    phi = softmax_N((psi(v_h) + v_r) . v_o) (9, 10)        [G, M, N]
    rho = sum_N phi psi(v_t) (6, 11)                       [G, M, d]

    What does not depend on the candidate comes in ready-made: keys and values are computed once per user.

    Call arguments:
        keys: psi(v_h) + v_r of a user's triples, [G, N, d].
        values: psi(v_t), [G, N, d].
        candidate: v_o, [G, M, d].
        mask: bool [G, M, N], which triples each candidate may see.

    Output: rho [G, M, d] and phi [G, M, N], both zeros for a row without any triple.
    """

    def build(self, keys_shape: Shape, values_shape: Shape, candidate_shape: Shape, *_: Shape, **__: Shape) -> None:
        """Nothing to build: the gammas are the model's, with its other tables."""

    def call(self, keys: Tensor, values: Tensor, candidate: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        scores = ops.matmul(candidate, ops.transpose(keys, (0, 2, 1)))  # [G, M, N] (9)
        weights = masked_softmax(scores, mask)  # phi (10)
        return ops.matmul(weights, values), weights

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(
        self, keys_shape: Shape, values_shape: Shape, candidate_shape: Shape, *_: Shape, **__: Shape
    ) -> Shape:
        return tuple(candidate_shape), (*candidate_shape[:-1], keys_shape[1])
