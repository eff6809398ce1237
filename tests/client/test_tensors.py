"""numpy <-> TensorProto without TensorFlow gives what TensorFlow gives."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from tfkgrec.client.tensors import from_proto, to_proto, zeros
from tfkgrec.protos.messages import TensorProto
from tfkgrec.runtime import tensors as server_tensors

ARRAYS = [
    np.array([[0.5, -1.25], [3.0, np.inf]], np.float32),
    np.array([1e-300], np.float64),
    np.array([[-(2**31), 2**31 - 1]], np.int32),
    np.array([-(2**63), 2**63 - 1], np.int64),
    np.array([-7, 100], np.int8),
    np.array([-7, 30000], np.int16),
    np.array([200], np.uint8),
    np.array([60000], np.uint16),
    np.array([2**32 - 1], np.uint32),
    np.array([2**64 - 1], np.uint64),
    np.array([True, False]),
    np.array([[b"a", b""], [b"c", "é".encode()]], object),
    np.zeros([0, 3], np.int32),
    np.float32(2.5),
    np.array([1.5, 2.0], np.float16),
    np.arange(12, dtype=np.float32).reshape(3, 4).T,
]


def as_bytes(array):
    return np.array([v.encode() for v in array.flat], object).reshape(array.shape) if array.dtype == object else array


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{list(a.shape)}")
def test_tensorflow_reads_what_the_client_writes(array):
    read = tf.make_ndarray(tensor_pb2.TensorProto.FromString(to_proto(array).SerializeToString()))
    assert read.dtype == array.dtype and read.shape == array.shape
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("write", [tf.make_tensor_proto, server_tensors.to_proto], ids=["packed", "typed fields"])
@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{list(a.shape)}")
def test_the_client_reads_what_servers_write(array, write):
    read = from_proto(TensorProto.FromString(write(array).SerializeToString()))
    assert read.dtype == array.dtype and read.shape == array.shape
    np.testing.assert_array_equal(as_bytes(read), array)


def test_texts_keep_every_character():
    ids = ["plain", "trailing NUL\0", "", "é\u4e2d"]
    assert list(to_proto(ids).string_val) == [text.encode() for text in ids]
    assert from_proto(to_proto(ids)).tolist() == ids
    assert from_proto(to_proto([b"\xff"])).tolist() == ["\ufffd"]


def test_lists_of_numbers_and_empty_lists():
    assert (to_proto([1, 2]).dtype, to_proto([0.5]).dtype, to_proto([True]).dtype) == (9, 2, 10)
    assert to_proto([]).dtype == types_pb2.DT_STRING
    assert to_proto(np.zeros([0], np.float32)).dtype == types_pb2.DT_FLOAT


@pytest.mark.parametrize("values", [["a", 1], [["a"], ["b", "c"]], [[1], [2, 3]], [None], [{}], ["\udc80"]])
def test_what_is_no_tensor_is_refused(values):
    with pytest.raises(ValueError):
        to_proto(values)


def test_one_value_fills_the_rest():
    filled = TensorProto(dtype=types_pb2.DT_INT32, int_val=[7, 8])
    filled.tensor_shape.dim.add(size=4)
    assert from_proto(filled).tolist() == [7, 8, 8, 8]


@pytest.mark.parametrize(
    ("dtype", "dims", "values"),
    [
        (types_pb2.DT_FLOAT, [2], {}),
        (types_pb2.DT_FLOAT, [1], {"float_val": [1, 2]}),
        (types_pb2.DT_FLOAT, [-1], {"float_val": [1]}),
        (types_pb2.DT_FLOAT, [3], {"tensor_content": b"12345"}),
        (types_pb2.DT_VARIANT, [1], {}),
        (types_pb2.DT_INVALID, [], {}),
    ],
)
def test_a_message_that_is_no_tensor_is_refused(dtype, dims, values):
    proto = TensorProto(dtype=dtype, **values)
    for size in dims:
        proto.tensor_shape.dim.add(size=size)
    with pytest.raises(ValueError):
        from_proto(proto)


def test_zeros_have_the_type_asked_for():
    array = zeros(types_pb2.DT_FLOAT, [2, 3])
    assert array.dtype == np.float32 and array.shape == (2, 3) and not array.any()
