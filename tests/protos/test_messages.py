"""The messages built from tables are TF Serving's on the wire, and live beside the generated ones in one process."""

import numpy as np
import pytest
from google.protobuf import any_pb2, wrappers_pb2
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2, predict_pb2, prediction_service_pb2

from tfkgrec.client.tensors import to_proto
from tfkgrec.protos import messages
from tfkgrec.protos.proto_builder import build

GENERATED = {
    "Int64Value": wrappers_pb2.Int64Value,
    "Any": any_pb2.Any,
    "Dim": tensor_shape_pb2.TensorShapeProto.Dim,
    "TensorShapeProto": tensor_shape_pb2.TensorShapeProto,
    "TensorProto": tensor_pb2.TensorProto,
    "TensorInfo": meta_graph_pb2.TensorInfo,
    "SignatureDef": meta_graph_pb2.SignatureDef,
    "ModelSpec": model_pb2.ModelSpec,
    "PredictRequest": predict_pb2.PredictRequest,
    "PredictResponse": predict_pb2.PredictResponse,
    "GetModelMetadataRequest": get_model_metadata_pb2.GetModelMetadataRequest,
    "GetModelMetadataResponse": get_model_metadata_pb2.GetModelMetadataResponse,
    "SignatureDefMap": get_model_metadata_pb2.SignatureDefMap,
}


def fields_of(descriptor):
    """number -> (name, wire type, repeated, packed), of a message and of the entries of its maps."""
    return {
        field.number: (field.name, _wire(field), field.is_repeated, field.is_packed)
        for field in descriptor.fields
        if field.message_type is None or not field.message_type.GetOptions().map_entry
    } | {
        field.number: (field.name, fields_of(field.message_type))
        for field in descriptor.fields
        if field.message_type is not None and field.message_type.GetOptions().map_entry
    }


def _wire(field):
    return field.TYPE_INT32 if field.type == field.TYPE_ENUM else field.type  # both are varints


@pytest.mark.parametrize("name", GENERATED)
def test_every_built_field_has_the_number_and_type_of_the_generated_one(name):
    built = fields_of(messages._MESSAGES[name].DESCRIPTOR)
    generated = fields_of(GENERATED[name].DESCRIPTOR)
    assert built == {number: generated[number] for number in built}
    assert messages._MESSAGES[name].DESCRIPTOR is not GENERATED[name].DESCRIPTOR


def test_nothing_is_built_unseen():
    assert set(GENERATED) == set(messages._MESSAGES)


def test_a_request_is_the_same_bytes():
    import tensorflow as tf

    pair = []
    for module, fill in ((messages, to_proto), (predict_pb2, lambda a, p: p.CopyFrom(_typed(tf, a)))):
        request = module.PredictRequest(output_filter=["score", "item_id"])
        request.model_spec.name, request.model_spec.signature_name = "dink", "recommend"
        request.model_spec.version.value = 7
        fill(np.array([["u1", "é"]], object), request.inputs["user_id"])
        fill(np.array([0.5, -1.0], np.float32), request.inputs["hidden"])
        pair.append(request.SerializeToString(deterministic=True))
    assert pair[0] == pair[1]


def _typed(tf, array):
    return tf.make_tensor_proto(array)


def test_a_version_label_is_the_same_bytes():
    pair = [module() for module in (messages._MESSAGES["ModelSpec"], model_pb2.ModelSpec)]
    for spec in pair:
        spec.version.value = 3
        spec.version_label = "stable"  # of a oneof: the number goes
    assert pair[0].SerializeToString() == pair[1].SerializeToString()


def test_a_reply_with_fields_that_the_client_does_not_know_is_read():
    reply = predict_pb2.PredictResponse()
    reply.outputs["x"].CopyFrom(tensor_pb2.TensorProto(dtype=types_pb2.DT_COMPLEX64, scomplex_val=[1.0, 2.0]))
    reply.outputs["x"].tensor_shape.dim.add(size=1)
    read = messages.PredictResponse.FromString(reply.SerializeToString())
    assert read.outputs["x"].dtype == types_pb2.DT_COMPLEX64
    assert read.SerializeToString(deterministic=True) == reply.SerializeToString(deterministic=True)


def test_the_paths_are_the_services():
    service = prediction_service_pb2.DESCRIPTOR.services_by_name["PredictionService"]
    for path in (messages.PREDICT, messages.GET_MODEL_METADATA):
        _, full_name, method = path.split("/")
        assert full_name == service.full_name and method in service.methods_by_name


@pytest.mark.parametrize("line", ["int64 size", "repeat int64 size = 1", "int64 size = x", ""])
def test_a_table_that_is_no_proto_is_refused(line):
    with pytest.raises(ValueError, match="expected a field such as"):
        build({"p": {"M": [line]}})
