"""Graph convolution without weights or activations: sums over neighbours, normalised by degrees on both sides."""

from collections.abc import Sequence
from typing import NamedTuple

from keras import ops

from tfkgrec.types import Tensor

SMALLEST_DEGREE = 1e-6
"""Below it a node has no neighbour; what is left of one whose last edge was taken away is rounding."""


class Edges(NamedTuple):
    """Undirected edges of one weight, or of a weight each; one of weight -1 takes one of weight 1 away."""

    one: Tensor  # nodes at one end [n]
    other: Tensor  # nodes at the other [n]
    weight: Tensor | float  # a number, or [n]


def neighbour_sums(x: Tensor, graph: Sequence[Edges]) -> Tensor:
    """W x [N, d] for x [N, d]: every node gets the sum of its neighbours' rows, each as its edge weighs.

    Linear in the edges; the gradient is the same sum, since W is symmetric.
    """
    total = ops.zeros_like(x)
    for edges in graph:
        total = total + _weighed(_sums(x, edges.one, edges.other, edges.weight), edges.weight)
        total = total + _weighed(_sums(x, edges.other, edges.one, edges.weight), edges.weight)
    return total


def degrees(num_nodes: int, graph: Sequence[Edges], dtype: str) -> Tensor:
    """Sum of the weights of every node's edges [N]."""
    total = ops.zeros((num_nodes,), dtype)
    for edges in graph:
        weight = ops.broadcast_to(ops.cast(edges.weight, dtype), ops.shape(edges.one))
        for end in (edges.one, edges.other):
            total = total + ops.segment_sum(weight, end, num_segments=num_nodes)
    return total


def normaliser(degree: Tensor) -> Tensor:
    """q [N] = degree^-1/2; 0 for a node without neighbours."""
    there = degree > SMALLEST_DEGREE
    return ops.where(there, ops.rsqrt(ops.where(there, degree, 1.0)), 0.0)


def convolved(x: Tensor, graph: Sequence[Edges], q: Tensor, num_layers: int) -> list[Tensor]:
    """x_0 = x, x_k = Q W Q x_{k-1}: num_layers + 1 tensors [N, d], for q [N] of `normaliser`."""
    scale, layers = ops.expand_dims(q, 1), [x]
    for _ in range(num_layers):
        layers.append(scale * neighbour_sums(scale * layers[-1], graph))
    return layers


def _sums(x: Tensor, here: Tensor, there: Tensor, weight: Tensor | float) -> Tensor:
    rows = ops.take(x, there, axis=0)
    if not isinstance(weight, float):
        rows = rows * ops.expand_dims(ops.cast(weight, x.dtype), 1)
    return ops.segment_sum(rows, here, num_segments=x.shape[0])


def _weighed(sums: Tensor, weight: Tensor | float) -> Tensor:
    """A weight that all edges share is multiplied once, after the sum."""
    return sums * weight if isinstance(weight, float) and weight != 1 else sums
