"""A SignatureDef's facts."""

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tfkgrec.runtime.signature_spec import Input, read_signature


def test_inputs_come_in_the_runtimes_order_and_outputs_by_name():
    signature = SignatureDef()
    for name, tensor, sizes in (("a", "call_z:0", [-1, 3]), ("b", "call_a:0", []), ("c", "call_m:0", None)):
        info = signature.inputs[name]
        info.name, info.dtype = tensor, types_pb2.DT_STRING
        info.tensor_shape.unknown_rank = sizes is None
        for size in sizes or []:
            info.tensor_shape.dim.add(size=size)
    signature.outputs["y"].name = "call:0"
    signature.outputs["x"].name = "call:1"
    found = read_signature(signature)
    assert list(found.inputs.items()) == [
        ("b", Input("call_a:0", types_pb2.DT_STRING, ())),
        ("c", Input("call_m:0", types_pb2.DT_STRING, None)),
        ("a", Input("call_z:0", types_pb2.DT_STRING, (-1, 3))),
    ]
    assert list(found.outputs.items()) == [("x", "call:1"), ("y", "call:0")]
