"""A signature as plain Python values.

They are read for every request, and a field of a protobuf costs more than the check that is made on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

InputInfos: TypeAlias = Mapping[str, TensorInfo]
"""The inputs of a signature by name, as the SavedModel has them."""


@dataclass(frozen=True)
class Input:
    """An input: its `tensor` in the graph, `dtype` (DT_...) and `shape`, -1 for any size, None for any shape."""

    tensor: str
    dtype: int
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class CallableSignature:
    """Inputs by name, in the order in which the runtime numbers them; the tensors of the outputs by name, sorted."""

    inputs: dict[str, Input]
    outputs: dict[str, str]


def read_signature(signature: SignatureDef) -> CallableSignature:
    """The facts of `signature` that a call needs."""
    inputs = {
        name: Input(
            info.name,
            info.dtype,
            None if info.tensor_shape.unknown_rank else tuple(dim.size for dim in info.tensor_shape.dim),
        )
        for name, info in sorted(signature.inputs.items(), key=lambda named: named[1].name)
    }
    return CallableSignature(inputs, {name: info.name for name, info in sorted(signature.outputs.items())})
