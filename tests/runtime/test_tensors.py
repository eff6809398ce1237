"""TensorProto <-> numpy."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from tfkgrec.runtime import tensors


@pytest.mark.parametrize(
    "array",
    [
        np.array([[0.5, -1.25], [3.0, np.inf]], np.float32),
        np.array([1e-300], np.float64),
        np.array([[-(2**31), 2**31 - 1]], np.int32),
        np.array([-(2**63), 2**63 - 1], np.int64),
        np.array([True, False]),
        np.array([[b"a", b""], [b"\xff\x00", "é".encode()]], object),
        np.array([], np.float32),
        np.zeros([0, 3], np.int32),
        np.float32(2.5),
        np.array([1.5, 2.0], np.float16),
    ],
)
def test_there_and_back_is_the_same(array):
    back = tensors.from_proto(tensors.to_proto(array))
    assert back.dtype == np.asarray(array).dtype and back.shape == np.shape(array)
    np.testing.assert_array_equal(back, array)


def test_replies_use_the_typed_fields_that_clients_read():
    assert list(tensors.to_proto(np.array([0.5, 0.25], np.float32)).float_val) == [0.5, 0.25]
    assert list(tensors.to_proto(np.array(["a", "é"])).string_val) == [b"a", "é".encode()]
    assert list(tensors.to_proto(np.array([1, 2])).int64_val) == [1, 2]


def test_reads_packed_bytes_and_a_value_that_fills_the_rest():
    np.testing.assert_array_equal(tensors.from_proto(tf.make_tensor_proto([1.0, 2.0])), [1.0, 2.0])
    filled = tensor_pb2.TensorProto(dtype=types_pb2.DT_INT32, int_val=[7])
    filled.tensor_shape.dim.add(size=3)
    np.testing.assert_array_equal(tensors.from_proto(filled), [7, 7, 7])


@pytest.mark.parametrize("dims", [[-1], [2, 2], [1 << 40], [1 << 62, 1 << 62]])
@pytest.mark.parametrize("dtype", [types_pb2.DT_STRING, types_pb2.DT_FLOAT])
def test_a_shape_that_the_values_do_not_fill_is_refused(dims, dtype):
    proto = tensor_pb2.TensorProto(dtype=dtype, string_val=[b"x"] * 5, float_val=[1.0] * 5, tensor_content=b"12345")
    for size in dims:
        proto.tensor_shape.dim.add(size=size)
    with pytest.raises(ValueError):
        tensors.from_proto(proto)


@pytest.mark.parametrize("dtype", [types_pb2.DT_INVALID, types_pb2.DT_VARIANT, types_pb2.DT_RESOURCE, 9999])
def test_a_type_that_no_array_has_is_refused(dtype):
    proto = tensor_pb2.TensorProto(dtype=dtype)
    proto.tensor_shape.dim.add(size=1)
    with pytest.raises(ValueError):
        tensors.from_proto(proto)


def test_types_are_named_as_the_runtime_names_them():
    names = [
        tensors.type_name(number) for number in (types_pb2.DT_FLOAT, types_pb2.DT_STRING, types_pb2.DT_INT64, 9999)
    ]
    assert names == ["float", "string", "int64", "9999"]
