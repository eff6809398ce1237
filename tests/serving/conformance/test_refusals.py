"""Codes and texts of what TF Serving refuses, from its sources (servables/tensorflow, model_servers).

Where the text was read in the source, it is compared; where it comes from the runtime and was not verified against the
official server, the code and what the text has to name.
"""

import grpc
import numpy as np
import pytest
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    regression_pb2,
)

from tests.toy import request
from tfkgrec.runtime.examples import example

INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
PAIR = {"user_id": ["u1", "u2"], "item_id": ["i3", "i1"]}


def changed(message, change):
    change(message)
    return message


def of(message, name="toy", signature="", version=None, examples=0):
    """Any request with its model_spec and as many examples."""
    message.model_spec.name, message.model_spec.signature_name = name, signature
    if version is not None:
        message.model_spec.version.value = version
    for _ in range(examples):
        message.input.example_list.examples.add().CopyFrom(example({"user_id": "u1", "item_id": "i1"}))
    return message


PREDICT = {
    "no model_spec": (changed(request(**PAIR), lambda m: m.ClearField("model_spec")), INVALID, "Missing ModelSpec"),
    "unknown model": (request("nope", **PAIR), NOT_FOUND, "Servable not found for request: Latest(nope)"),
    "unknown version": (request(version=99, **PAIR), NOT_FOUND, "Servable not found for request: Specific(toy, 99)"),
    "unknown label": (
        changed(request(**PAIR), lambda m: setattr(m.model_spec, "version_label", "X")),
        INVALID,
        "Unrecognized servable version label: X",
    ),
    "unknown signature": (request(signature="zzz", **PAIR), PRECONDITION, 'Serving signature key "zzz" not found.'),
    "missing input": (
        request(user_id=["u1"]),
        INVALID,
        "input size does not match signature: 1!=2 len({user_id}) != len({item_id,user_id}). "
        "Sent extra: {}. Missing but required: {item_id}.",
    ),
    "extra input": (
        request(history=[["i1"]], **PAIR),
        INVALID,
        "input size does not match signature: 3!=2 len({history,item_id,user_id}) != len({item_id,user_id}). "
        "Sent extra: {history}. Missing but required: {}.",
    ),
    "no input": (
        request(),
        INVALID,
        "input size does not match signature: 0!=2 len({}) != len({item_id,user_id}). "
        "Sent extra: {}. Missing but required: {item_id,user_id}.",
    ),
    "unknown output": (
        changed(request(**PAIR), lambda m: m.output_filter.append("nah")),
        INVALID,
        "output tensor alias not found in signature: nah Outputs expected to be in the set {probability}.",
    ),
    "output twice": (
        changed(request(**PAIR), lambda m: m.output_filter.extend(["probability"] * 2)),
        INVALID,
        "duplicate output tensor alias: probability",
    ),
}


@pytest.mark.parametrize(("message", "code", "text"), PREDICT.values(), ids=PREDICT)
def test_predict(prediction, refused, message, code, text):
    assert refused(prediction.Predict, message) == (code, text)


def _bad_shape(message):
    message.inputs["item_id"].tensor_shape.dim[0].size = 1 << 50


def _no_type(message):
    message.inputs["item_id"].dtype = types_pb2.DT_INVALID


NAMES = {
    "wrong input name": (request(user_id=["u1"], itemid=["i1"]), "item_id"),
    "wrong type": (request(user_id=[1], item_id=["i1"]), "to be string but int64 is provided"),
    "a type none has": (changed(request(**PAIR), _no_type), ""),
    "a shape the values do not fill": (changed(request(**PAIR), _bad_shape), ""),
    "unequal lengths": (request(user_id=["u1", "u2", "u3"], item_id=["i1", "i2"]), ""),
}


@pytest.mark.parametrize(("message", "names"), NAMES.values(), ids=NAMES)
def test_what_the_runtime_refuses(prediction, refused, message, names):
    code, text = refused(prediction.Predict, message)
    assert code is INVALID
    assert names in text


METADATA = get_model_metadata_pb2.GetModelMetadataRequest
REFUSED_METADATA = {
    "no model_spec": (METADATA(metadata_field=["signature_def"]), INVALID, "Missing ModelSpec"),
    "no field": (
        of(METADATA()),
        INVALID,
        "GetModelMetadataRequest must specify at least one metadata_field",
    ),
    "unknown field": (of(METADATA(metadata_field=["X"])), INVALID, "Metadata field X is not supported"),
    "unknown model": (
        of(METADATA(metadata_field=["signature_def"]), "nope"),
        NOT_FOUND,
        "Servable not found for request: Latest(nope)",
    ),
}


@pytest.mark.parametrize(("message", "code", "text"), REFUSED_METADATA.values(), ids=REFUSED_METADATA)
def test_metadata(prediction, refused, message, code, text):
    assert refused(prediction.GetModelMetadata, message) == (code, text)


STATUS = get_model_status_pb2.GetModelStatusRequest
REFUSED_STATUS = {
    "unknown model": (of(STATUS(), "nope"), NOT_FOUND, "Could not find any versions of model nope"),
    "unknown version": (of(STATUS(), version=99), NOT_FOUND, "Could not find version 99 of model toy"),
}


@pytest.mark.parametrize(("message", "code", "text"), REFUSED_STATUS.values(), ids=REFUSED_STATUS)
def test_status(models, refused, message, code, text):
    assert refused(models.GetModelStatus, message) == (code, text)


CALLS = {"Classify": classification_pb2.ClassificationRequest, "Regress": regression_pb2.RegressionRequest}


@pytest.mark.parametrize("call", CALLS)
def test_classify_and_regress(prediction, refused, call):
    method, make = getattr(prediction, call), CALLS[call]
    signature = call.lower()
    assert refused(method, of(make(), signature="zzz", examples=1)) == (
        INVALID,
        "No signature was found with the name: zzz",
    )
    assert refused(method, of(make(), signature=signature)) == (INVALID, "Input is empty.")
    assert refused(method, of(make(), "nope", signature, examples=1)) == (
        NOT_FOUND,
        "Servable not found for request: Latest(nope)",
    )
    without = make()
    without.input.example_list.examples.add()
    assert refused(method, without) == (INVALID, "Missing ModelSpec")
    no_features = of(make(), signature=signature)
    no_features.input.example_list.examples.add()
    assert refused(method, no_features)[0] is INVALID


def test_multi_inference_refuses_a_method_that_is_none(prediction, refused):
    message = inference_pb2.MultiInferenceRequest()
    task = message.tasks.add(method_name="tensorflow/serving/guess")
    task.model_spec.name, task.model_spec.signature_name = "toy", "classify"
    message.input.example_list.examples.add().CopyFrom(example({"user_id": "u1", "item_id": "i1"}))
    code, text = refused(prediction.MultiInference, message)
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert text == "Unsupported signature method_name: tensorflow/serving/guess"


def test_bytes_that_are_no_message(channel):
    """gRPC's own answer in Python and in C++: the request cannot be parsed."""
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    with pytest.raises(grpc.RpcError) as error:
        call(b"\xff" * 100, timeout=20)
    assert error.value.code() is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("path", ["/tensorflow.serving.PredictionService/Guess", "/no.Service/Predict"])
def test_a_call_that_is_none(channel, path):
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(path)(b"", timeout=20)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_state_of_another_width(prediction, refused):
    state = {"state_taken": np.ones([1, 5], np.float32), "state_count": np.zeros(1, np.int32)}
    assert refused(prediction.Predict, request("steps", "advance", item_id=["s1"], **state))[0] is INVALID
