"""DINK's interest attention (Zhang et al. 2023, section 3.3, eq 6)."""

import keras
from keras import ops

from tfkgrec.layers.masked import masked_softmax
from tfkgrec.types import Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class InterestAttention(keras.layers.Layer):
    """a_t = softmax_t(E(v_t)^T W e_i): how much each step of the history matters for a candidate (eq 6).

    Reading: the paper leaves the candidate out of eq 6 but describes the weight as the similarity of the history step
    and the candidate item; e_i is the candidate's embedding.

    Call arguments:
        history: E(v_t) of a user, [G, T, d'].
        candidate: e_i, [G, M, d]; the paper's d' is d.
        mask: bool [G, M, T], which steps each candidate may see.

    Output: a [G, M, T], zeros for a row without any step.
    """

    def build(self, history_shape: Shape, candidate_shape: Shape, *_: Shape, **__: Shape) -> None:
        shape = (history_shape[-1], candidate_shape[-1])
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")

    def call(self, history: Tensor, candidate: Tensor, mask: Tensor) -> Tensor:
        keys = ops.matmul(history, self.kernel)  # [G, T, d], once per user
        scores = ops.matmul(candidate, ops.transpose(keys, (0, 2, 1)))  # [G, M, T]
        return masked_softmax(scores, mask)

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(self, history_shape: Shape, candidate_shape: Shape, *_: Shape, **__: Shape) -> Shape:
        return (*candidate_shape[:-1], history_shape[1])
