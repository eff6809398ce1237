"""TensorProto <-> numpy, the way TF Serving reads requests and writes replies."""

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

# A few bytes can announce a huge tensor, as the last value sent fills the rest. Larger ones must be sent in full.
MAX_FILLED = 1 << 20

VALUE_FIELD = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_INT8: "int_val",
    types_pb2.DT_INT16: "int_val",
    types_pb2.DT_INT32: "int_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_UINT16: "int_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_STRING: "string_val",
}
_DTYPE = {np.dtype(tf.as_dtype(dtype).as_numpy_dtype): dtype for dtype in VALUE_FIELD}


def from_proto(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The array in `proto`; strings are an object array of bytes.

    Raises:
        ValueError: the message does not hold the tensor that it announces.
    """
    dims = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or min(dims, default=0) < 0:
        raise ValueError("the shape should be known")
    size = math.prod(dims)
    if proto.dtype == types_pb2.DT_STRING and len(proto.string_val) == size:  # ids: a third of make_ndarray's time
        return np.fromiter(proto.string_val, object, size).reshape(dims)
    packed = bool(proto.tensor_content) and proto.dtype != types_pb2.DT_STRING
    if not packed and size > MAX_FILLED:
        sent = sum(len(getattr(proto, field)) for field in set(VALUE_FIELD.values()))
        if size > sent:
            raise ValueError(f"{size} elements announced, {sent} sent")
    try:
        array: np.ndarray = tf.make_ndarray(proto)
        return array
    except (TypeError, KeyError, MemoryError, OverflowError) as error:
        raise ValueError(str(error)) from error


def to_proto(array: np.ndarray) -> tensor_pb2.TensorProto:
    """`array` as a message; see `fill`."""
    proto = tensor_pb2.TensorProto()
    fill(proto, np.asarray(array))
    return proto


def fill(proto: tensor_pb2.TensorProto, array: np.ndarray) -> None:
    """Write `array` into an empty message, its values in the typed field (`float_val`, ...), not as packed bytes.

    TF Serving replies so by default, and clients read `reply.outputs["score"].float_val`.
    """
    dtype = types_pb2.DT_STRING if array.dtype.kind in "OSU" else _DTYPE.get(array.dtype)
    if dtype is None:
        proto.CopyFrom(tf.make_tensor_proto(array))
        return
    values = array.ravel().tolist()
    if array.dtype.kind == "U":
        values = [value.encode() for value in values]
    elif array.dtype.kind == "O":
        values = [value.encode() if isinstance(value, str) else value for value in values]
    proto.dtype = dtype
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    getattr(proto, VALUE_FIELD[dtype]).extend(values)


def type_name(dtype: int) -> str:
    """A data type as TensorFlow's C++ error messages write it: string, float, int64."""
    return (
        types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()
        if dtype in types_pb2.DataType.values()
        else str(dtype)
    )
