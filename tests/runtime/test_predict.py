"""Predict over gRPC: the same numbers as in process, and TF Serving's answer to every request that does not fit.

The texts are those of tensorflow/serving's HEAD, and for a wrong input name those of TensorFlow 2.21's binary.
"""

import itertools

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from tests.toy import request
from tfkgrec.runtime import tensors
from tfkgrec.runtime.servable import Servable

PAIR = {"user_id": ["u1", "u2", "nobody"], "item_id": ["i3", "nothing", "i1"]}
CALLS = [
    ("", PAIR),
    ("serving_default", {"user_id": ["u3"], "item_id": ["i6"]}),
    ("serving_default", {"user_id": np.array([], str), "item_id": np.array([], str)}),
    ("recommend", {"user_id": ["u1", "u3", "nobody"]}),
    ("recommend_for_history", {"history": [["i1", "i2", ""], ["nothing", "", ""]]}),
    ("explain", PAIR),
]


@pytest.fixture(scope="module")
def in_process(exports):
    return tf.saved_model.load(str(exports / "2")).signatures


@pytest.mark.parametrize(("signature", "inputs"), CALLS)
def test_equals_the_signature_called_in_process(prediction, in_process, signature, inputs):
    reply = prediction.Predict(request(signature=signature, **inputs), timeout=10)
    key = signature or "serving_default"
    expected = in_process[key](**{name: tf.constant(value, tf.string) for name, value in inputs.items()})
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("toy", 2)
    assert reply.model_spec.signature_name == key
    assert set(reply.outputs) == set(expected)
    for name, value in expected.items():
        got = tensors.from_proto(reply.outputs[name])
        assert got.shape == value.shape
        if value.dtype == tf.float32:
            np.testing.assert_allclose(got, value.numpy(), rtol=0, atol=1e-6)
        else:
            np.testing.assert_array_equal(got, value.numpy())


def test_a_version_may_be_asked_for_by_number_or_label(prediction):
    score = {}
    for version in (1, 2):
        score[version] = prediction.Predict(request(version=version, **PAIR), timeout=10).outputs["probability"]
    labelled = request(**PAIR)
    labelled.model_spec.version_label = "stable"
    reply = prediction.Predict(labelled, timeout=10)
    assert reply.model_spec.version.value == 1
    assert reply.outputs["probability"] == score[1] != score[2]


def test_output_filter_picks_outputs(prediction):
    message = request(signature="recommend", user_id=["u1"])
    message.output_filter.extend(["score", "known_user"])
    assert set(prediction.Predict(message, timeout=10).outputs) == {"score", "known_user"}


def test_no_choice_of_outputs_is_compiled_for_itself(exports, monkeypatch):
    """A session keeps what it compiled: with a runner per choice, 1,200 random filters cost 1 s and 0.4 MiB each."""
    servable = Servable("toy", 1, exports / "1")
    compiled = []
    make = servable._session._make_callable_from_options
    monkeypatch.setattr(servable._session, "_make_callable_from_options", lambda o: compiled.append(o) or make(o))
    outputs = list(servable.signature("recommend").outputs)
    user = {"user_id": np.array([b"u1"], object)}
    everything = servable.run("recommend", user, outputs)
    for size in range(1, len(outputs) + 1):
        for chosen in itertools.permutations(outputs, size):
            found = servable.run("recommend", user, chosen)
            assert list(found) == list(chosen)
            for name in chosen:
                np.testing.assert_array_equal(found[name], everything[name])
    assert len(outputs) > 1 and len(compiled) == 1
    servable.close()


def _without_spec():
    message = request(**PAIR)
    message.ClearField("model_spec")
    return message


def _labelled(label):
    message = request(**PAIR)
    message.model_spec.version_label = label
    return message


def _filtered(*names):
    message = request(**PAIR)
    message.output_filter.extend(names)
    return message


def _proto(dtype, size):
    message = request(user_id=["u1"], item_id=["i1"])
    message.inputs["item_id"].Clear()
    message.inputs["item_id"].dtype = dtype
    message.inputs["item_id"].tensor_shape.dim.add(size=size)
    return message


INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
REFUSALS = {
    "no model_spec": (_without_spec(), INVALID, "Missing ModelSpec"),
    "no model name": (request("", **PAIR), INVALID, "ModelSpec has no name specified."),
    "unknown model": (request("nope", **PAIR), NOT_FOUND, "Servable not found for request: Latest(nope)"),
    "unknown version": (request(version=99, **PAIR), NOT_FOUND, "Servable not found for request: Specific(toy, 99)"),
    "unknown label": (_labelled("X"), INVALID, "Unrecognized servable version label: X"),
    "unknown signature": (
        request(signature="zzz", **PAIR),
        grpc.StatusCode.FAILED_PRECONDITION,
        'Serving signature key "zzz" not found.',
    ),
    "initialiser": (
        request(signature="__saved_model_init_op"),
        grpc.StatusCode.FAILED_PRECONDITION,
        'Serving signature key "__saved_model_init_op" not found.',
    ),
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
    "wrong input name": (
        request(user_id=["u1"], itemid=["i1"]),
        INVALID,
        "Signature input alias: item_id(feed name: serving_default_item_id:0) not found in request and no default "
        "value provided. Inputs expected to be in the request {itemid,user_id}, or default input alias set: ",
    ),
    "wrong type": (request(user_id=[1], item_id=["i1"]), INVALID, "Expects arg[1] to be string but int64 is provided"),
    "wrong type, float": (
        request(user_id=["u1"], item_id=np.ones(1, np.float32)),
        INVALID,
        "Expects arg[0] to be string but float is provided",
    ),
    "no type": (_proto(types_pb2.DT_INVALID, 1), INVALID, "tensor parsing error: item_id"),
    "a shape of thin air": (_proto(types_pb2.DT_STRING, 1 << 50), INVALID, "tensor parsing error: item_id"),
    "wrong rank": (
        request(user_id=[["u1"]], item_id=["i1"]),
        INVALID,
        "input user_id should have shape [?]. Received: [1, 1]",
    ),
    "a scalar": (request(user_id="u1", item_id="i1"), INVALID, "input item_id should have shape [?]. Received: []"),
    "unknown output": (
        _filtered("nah"),
        INVALID,
        "output tensor alias not found in signature: nah Outputs expected to be in the set {probability}.",
    ),
    "output twice": (
        _filtered("probability", "probability"),
        INVALID,
        "duplicate output tensor alias: probability",
    ),
}


@pytest.mark.parametrize(("message", "code", "text"), REFUSALS.values(), ids=REFUSALS)
def test_a_request_that_does_not_fit_is_refused_as_tf_serving_refuses_it(prediction, message, code, text):
    with pytest.raises(grpc.RpcError) as refused:
        prediction.Predict(message, timeout=10)
    assert (refused.value.code(), refused.value.details()) == (code, text)


def test_unequal_lengths_are_the_runtimes_to_refuse(prediction):
    with pytest.raises(grpc.RpcError) as refused:
        prediction.Predict(request(user_id=["u1", "u2", "u3"], item_id=["i1", "i2"]), timeout=10)
    assert refused.value.code() is INVALID


def test_an_endless_error_text_is_cut_to_what_a_header_holds(prediction):
    with pytest.raises(grpc.RpcError) as refused:
        prediction.Predict(request(**{"x" * 100_000: ["u1"]}), timeout=10)
    assert refused.value.code() is INVALID
    assert refused.value.details().startswith("input size does not match signature: 1!=2")
