"""numpy <-> TensorProto without TensorFlow."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from tfkgrec.protos.messages import TensorProto

STRING = 7  # types.proto, DT_STRING

# tensorflow.DataType -> the array's type and the field that holds its values
_TYPES: dict[int, tuple[type, str]] = {
    1: (np.float32, "float_val"),
    2: (np.float64, "double_val"),
    3: (np.int32, "int_val"),
    4: (np.uint8, "int_val"),
    5: (np.int16, "int_val"),
    6: (np.int8, "int_val"),
    STRING: (np.object_, "string_val"),
    9: (np.int64, "int64_val"),
    10: (np.bool_, "bool_val"),
    17: (np.uint16, "int_val"),
    19: (np.float16, "half_val"),
    22: (np.uint32, "uint32_val"),
    23: (np.uint64, "uint64_val"),
}
_NUMBERS = {np.dtype(kind): number for number, (kind, _) in _TYPES.items()}


def to_proto(values: ArrayLike, proto: TensorProto | None = None) -> TensorProto:
    """`values` as a TensorProto; texts become DT_STRING, and so does what is empty and has no type of its own.

    Args:
        values: array, or nested lists of equal lengths; str (sent as UTF-8), bytes or numbers.
        proto: the message to fill; None makes one.

    Raises:
        ValueError: the lists differ in length, or their type is none that a tensor has.
    """
    proto = TensorProto() if proto is None else proto
    # As objects first: numpy's own text type would drop a NUL at the end of an id.
    array = values if isinstance(values, np.ndarray) else np.array(values, object)
    texts = array.ravel().tolist() if array.dtype.kind in "OSU" else []
    if array.dtype.kind == "O" and texts and not any(isinstance(value, str | bytes) for value in texts):
        array, texts = np.asarray(values), []
        if array.dtype.kind == "O":
            raise ValueError(f"expected texts or numbers, found {array.flat[0]!r}")
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    if array.dtype.kind in "OSU":
        proto.dtype = STRING
        proto.string_val.extend([_to_bytes(value) for value in texts])
        return proto
    number = _NUMBERS.get(array.dtype)
    if number is None:
        raise ValueError(f"expected texts or numbers, found an array of {array.dtype}")
    proto.dtype = number
    proto.tensor_content = np.ascontiguousarray(array).tobytes()
    return proto


def from_proto(proto: TensorProto) -> np.ndarray:
    """The array in `proto`; strings are an object array of str, undecodable bytes replaced.

    Raises:
        ValueError: the message does not hold the tensor that it announces, or one that numpy has no type for.
    """
    if proto.dtype not in _TYPES:
        raise ValueError(f"expected a tensor of texts or numbers, found DataType {proto.dtype}")
    kind, field = _TYPES[proto.dtype]
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if min(shape, default=0) < 0 or proto.tensor_shape.unknown_rank:
        raise ValueError(f"expected a known shape, found {list(shape)}")
    if proto.tensor_content and proto.dtype != STRING:
        return np.frombuffer(proto.tensor_content, kind).reshape(shape)
    values = getattr(proto, field)
    if proto.dtype == STRING:
        flat = np.empty(len(values), object)
        flat[:] = [value.decode(errors="replace") for value in values]
    elif kind is np.float16:
        flat = np.array(values, np.uint16).view(np.float16)
    else:
        flat = np.array(values, kind)
    size = math.prod(shape)
    if len(flat) != size:  # the last value sent stands for all that follow
        if not 0 < len(flat) < size:
            raise ValueError(f"expected {size} values, found {len(flat)}")
        flat = np.concatenate([flat, np.full(size - len(flat), flat[-1])])
    return flat.reshape(shape)


def zeros(dtype: int, shape: Sequence[int]) -> np.ndarray:
    """An array of zeros of a tensorflow.DataType."""
    return np.zeros(shape, _TYPES[dtype][0])


def _to_bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise ValueError(f"expected texts, found {value!r} among them")
