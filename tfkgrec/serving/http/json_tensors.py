"""Tensors of TF Serving's REST API: JSON values -> TensorProto, TensorProto -> JSON values.

Source of rules and texts: tensorflow_serving/util/json_tensor.cc.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeGuard, cast

import numpy as np
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2

from tfkgrec.runtime import tensors
from tfkgrec.runtime.status import INVALID_ARGUMENT, UNIMPLEMENTED, ServingError

_SHOWN = 200  # characters of a value in an error's text
_BITS = {
    types_pb2.DT_INT8: 32,  # as TF Serving has it: it asks only whether the number is an int
    types_pb2.DT_INT16: 32,
    types_pb2.DT_INT32: 32,
    types_pb2.DT_UINT8: 32,
    types_pb2.DT_INT64: 64,
}
_FLOATS: dict[int, type[np.floating[Any]]] = {types_pb2.DT_FLOAT: np.float32, types_pb2.DT_DOUBLE: np.float64}


def refusal(message: str) -> ServingError:
    """INVALID_ARGUMENT, which is HTTP 400."""
    return ServingError(INVALID_ARGUMENT, message)


def show(value: object) -> str:
    """A JSON value in an error's text, cut where it is long."""
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def to_tensor(value: object, dtype: int) -> tensor_pb2.TensorProto:
    """A JSON value, nested lists of one shape, as a tensor of a signature's type.

    Raises:
        ServingError: a value is of another type, or the lists are of different lengths.
    """
    convert = _converter(dtype)
    shape = dense_shape(value)
    flat: list[object] = []
    _collect(value, 0, shape, convert, flat)
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in shape]
    return tensor_pb2.TensorProto(
        dtype=dtype, tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dims), **{tensors.VALUE_FIELD[dtype]: flat}
    )


def dense_shape(value: object) -> list[int]:
    """The shape that the first element of every list promises."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _collect(
    value: object, level: int, shape: list[int], convert: Callable[[object], object], flat: list[object]
) -> None:
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise refusal(
                f"JSON Value: {show(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {rank}"
            )
        flat.append(convert(value))
        return
    if level >= rank:
        raise refusal(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise refusal(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for element in value:
        _collect(element, level + 1, shape, convert, flat)


def _converter(dtype: int) -> Callable[[object], object]:
    if dtype == types_pb2.DT_STRING:
        return text_of
    if dtype == types_pb2.DT_BOOL:
        return lambda value: value if isinstance(value, bool) else _wrong_type(value, dtype)
    if dtype in _BITS:
        limit = 1 << (_BITS[dtype] - 1)
        return lambda value: value if _is_integer(value) and -limit <= value < limit else _wrong_type(value, dtype)
    if dtype in _FLOATS:
        return lambda value: _decimal(value, dtype)
    raise ServingError(UNIMPLEMENTED, f"Conversion of JSON values to type: {tensors.type_name(dtype)}")


def text_of(value: object) -> bytes:
    """A JSON string, or {"b64": ...}, as bytes.

    Raises:
        ServingError: it is neither.
    """
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise refusal("JSON Parse error: The surrogate pair in string is invalid.") from None
    if not isinstance(value, dict):
        _wrong_type(value, types_pb2.DT_STRING)
    if not is_base64(value):
        raise refusal(f"JSON Value: {show(value)} not formatted correctly for base64 data")
    text = value["b64"]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise refusal("Unable to base64 decode") from None


def is_base64(value: object) -> bool:
    """Whether it is {"b64": "..."}."""
    return isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str)


def _decimal(value: object, dtype: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _wrong_type(value, dtype)
    precise = np.finfo(_FLOATS[dtype])
    whole = isinstance(value, int)
    most = (1 << (precise.nmant + 1)) - 1 if whole else float(precise.max)
    fits = abs(value) <= most or not (whole or np.isfinite(value))
    if not fits:
        name = tensors.type_name(dtype)
        raise refusal(f"Cannot convert JSON value: {show(value)} to {name} without loss of precision.")
    return float(value)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _wrong_type(value: object, dtype: int) -> NoReturn:
    kind = {type(None): "Null", dict: "Object", list: "Array", str: "String"}.get(
        type(value), str(value) if isinstance(value, bool) else "Number"
    )
    raise refusal(f"JSON Value: {show(value)} Type: {kind} is not of expected type: {tensors.type_name(dtype)}")


def to_json(name: str, proto: tensor_pb2.TensorProto) -> object:
    """A tensor as nested lists; texts whose name ends in `_bytes` as {"b64": ...}."""
    array = tensors.from_proto(proto)
    if array.dtype.kind == "O":
        encode = _base64 if name.endswith("_bytes") else (lambda text: text.decode(errors="replace"))
        encoded = np.empty(array.size, object)
        encoded[:] = [encode(text) for text in array.ravel()]
        return encoded.reshape(array.shape).tolist()
    if array.dtype == np.float32:  # 0.1, not 0.10000000149011612
        return array.astype("U32").astype(np.float64).tolist()
    return array.tolist()


def rows(outputs: Mapping[str, tensor_pb2.TensorProto]) -> list[object]:
    """The outputs row by row: values where there is one output, objects where there are more.

    Raises:
        ServingError: they are not all of one length.
    """
    size = -1
    for name, proto in outputs.items():
        if not proto.tensor_shape.dim:
            raise refusal(f"Tensor name: {name} has no shape information ")
        length = proto.tensor_shape.dim[0].size
        if size not in (-1, length):
            raise refusal(f"Tensor name: {name} has inconsistent batch size: {length} expecting: {size}")
        size = length
    # Lists, as all have a first dimension.
    columns = {name: cast(list[object], to_json(name, proto)) for name, proto in sorted(outputs.items())}
    if len(columns) == 1:
        return next(iter(columns.values()))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _base64(text: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(text).decode()}
