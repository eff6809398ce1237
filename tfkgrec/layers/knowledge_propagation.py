"""EKPNet's propagation: attention hop after hop, the candidate updated in between (Zhang et al. 2022, section 4.2)."""

from typing import Unpack

import keras
from keras import ops

from tfkgrec.layers.asymmetric_attention import AsymmetricAttention
from tfkgrec.types import Config, LayerOptions, Shape, Tensor


@keras.saving.register_keras_serializable("tfkgrec")
class KnowledgePropagation(keras.layers.Layer):
    """What every hop of a user's ripple sets says about a candidate.

    For p = 1..P, from v_o^0 = v_o:
        rho^p, phi^p = attention of v_o^{p-1} over the triples of hop p (6-11)      [G, M, d], [G, M, N]
        v_o^p = (v_o^{p-1} + rho^p) W_e + b_e (12)                                  [G, M, d]

    Reading: hop p attends with v_o^{p-1}, then v_o^p is produced from rho^p; W_e and b_e are one pair for all hops.

    Args:
        update_last: False leaves v_o^P out (v_o^{P-1} is returned): the first stage has no use for it, and with P = 1
            W_e would have none.

    Call arguments:
        keys, values: of `AsymmetricAttention`, all hops, [G, P, N, d].
        candidate: v_o, [G, M, d].
        mask: bool [G, M, P, N].

    Output: rho [G, M, P, d], v_o^P [G, M, d], phi [G, M, P, N].
    """

    def __init__(self, update_last: bool = True, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        self.update_last = update_last
        self.attention = AsymmetricAttention(name="attention", dtype=self.dtype_policy)

    def build(self, keys_shape: Shape, values_shape: Shape, candidate_shape: Shape, *_: Shape, **__: Shape) -> None:
        d, hops = keys_shape[-1], keys_shape[1]
        self.updates = hops if self.update_last else hops - 1
        if self.updates:
            self.kernel = self.add_weight(shape=(d, d), initializer="glorot_uniform", name="kernel")
            self.bias = self.add_weight(shape=(d,), initializer="zeros", name="bias")
        self.attention.build(*((s[0], *s[2:]) for s in (keys_shape, values_shape)), candidate_shape)

    def call(self, keys: Tensor, values: Tensor, candidate: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rhos, phis = [], []
        for hop in range(keys.shape[1]):
            rho, phi = self.attention(keys[:, hop], values[:, hop], candidate, mask[:, :, hop])
            if hop < self.updates:
                candidate = ops.matmul(candidate + rho, self.kernel) + self.bias  # (12)
            rhos.append(rho)
            phis.append(phi)
        return ops.stack(rhos, axis=2), candidate, ops.stack(phis, axis=2)

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the mask is used up here."""

    def compute_output_shape(
        self, keys_shape: Shape, values_shape: Shape, candidate_shape: Shape, *_: Shape, **__: Shape
    ) -> Shape:
        g, m, d = candidate_shape
        hops, triples = keys_shape[1], keys_shape[2]
        return (g, m, hops, d), (g, m, d), (g, m, hops, triples)

    def get_config(self) -> Config:
        return {**super().get_config(), "update_last": self.update_last}
