"""Classify, Regress and MultiInference over gRPC: the numbers of Predict, and TF Serving's refusals."""

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from tests.toy import request
from tfkgrec.runtime.examples import example
from tfkgrec.runtime.signature_defs import METHODS

PAIRS = [("u1", "i3"), ("u2", "nothing"), ("nobody", "i1")]
INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND


def fill(message, pairs=PAIRS):
    for user, item in pairs:
        message.input.example_list.examples.append(example({"user_id": user, "item_id": item}))
    return message


def ask(kind, signature, model="toy", pairs=PAIRS):
    message = fill(kind(), pairs)
    message.model_spec.name, message.model_spec.signature_name = model, signature
    return message


def classification(signature="classify", **options):
    return ask(classification_pb2.ClassificationRequest, signature, **options)


def regression(signature="regress", **options):
    return ask(regression_pb2.RegressionRequest, signature, **options)


def multi(*tasks, pairs=PAIRS):
    message = fill(inference_pb2.MultiInferenceRequest(), pairs)
    for model, signature, method in tasks:
        task = message.tasks.add(method_name=METHODS.get(method, method))
        task.model_spec.name, task.model_spec.signature_name = model, signature
    return message


@pytest.fixture(scope="module")
def probability(prediction):
    users, items = zip(*PAIRS, strict=True)
    reply = prediction.Predict(request(user_id=list(users), item_id=list(items)), timeout=20)
    return np.array(reply.outputs["probability"].float_val, np.float32)


def test_classify_gives_both_classes_with_their_scores(prediction, probability):
    reply = prediction.Classify(classification(), timeout=20)
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("toy", 2)
    assert reply.model_spec.signature_name == "classify"
    found = reply.result.classifications
    assert [[one.label for one in row.classes] for row in found] == [["0", "1"]] * 3
    scores = np.array([[one.score for one in row.classes] for row in found])
    np.testing.assert_allclose(scores, np.stack([1 - probability, probability], 1), atol=1e-6)


def test_regress_gives_the_probability(prediction, probability):
    reply = prediction.Regress(regression(), timeout=20)
    assert reply.model_spec.signature_name == "regress"
    np.testing.assert_allclose([one.value for one in reply.result.regressions], probability, atol=1e-6)


def test_a_context_fills_in_what_every_example_shares_and_an_examples_own_feature_wins(prediction, probability):
    message = regression_pb2.RegressionRequest()
    message.model_spec.name, message.model_spec.signature_name = "toy", "regress"
    together = message.input.example_list_with_context
    together.context.CopyFrom(example({"user_id": "u1", "item_id": "i6"}))
    together.examples.append(example({"item_id": "i3"}))
    together.examples.append(example({"user_id": "nobody", "item_id": "i1"}))
    values = [one.value for one in prediction.Regress(message, timeout=20).result.regressions]
    np.testing.assert_allclose(values, [probability[0], probability[2]], atol=1e-6)


def test_multi_inference_runs_both_at_once(prediction, probability):
    reply = prediction.MultiInference(multi(("toy", "regress", "regress"), ("toy", "classify", "classify")), timeout=20)
    first, second = reply.results
    assert (first.model_spec.signature_name, second.model_spec.signature_name) == ("regress", "classify")
    np.testing.assert_allclose([one.value for one in first.regression_result.regressions], probability, atol=1e-6)
    np.testing.assert_allclose(
        [row.classes[1].score for row in second.classification_result.classifications], probability, atol=1e-6
    )


def _without_spec(message):
    message.ClearField("model_spec")
    return message


NO_SIGNATURE = "No signature was found with the name: zzz"
REFUSALS = {
    "no model_spec, classify": (_without_spec(classification()), INVALID, "Missing ModelSpec"),
    "no model_spec, regress": (_without_spec(regression()), INVALID, "Missing ModelSpec"),
    "unknown model": (classification(model="nope"), NOT_FOUND, "Servable not found for request: Latest(nope)"),
    "unknown signature, classify": (classification("zzz"), INVALID, NO_SIGNATURE),
    "unknown signature, regress": (regression("zzz"), INVALID, NO_SIGNATURE),
    "no examples, classify": (classification(pairs=[]), INVALID, "Input is empty."),
    "no examples, regress": (regression(pairs=[]), INVALID, "Input is empty."),
    "a signature of two inputs": (classification(""), INVALID, "Expected one input Tensor."),
    "classify asked to regress": (regression("classify"), INVALID, "Expected one output Tensor."),
    "no task": (multi(), INVALID, "ModelSpec has no name specified."),
    "two models": (
        multi(("toy", "regress", "regress"), ("other", "classify", "classify")),
        INVALID,
        "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
    ),
    "a signature twice": (
        multi(("toy", "regress", "regress"), ("toy", "regress", "regress")),
        INVALID,
        "Duplicate evaluation of signature: regress",
    ),
    "unknown signature, multi": (
        multi(("toy", "zzz", "regress")),
        INVALID,
        "Requested signature not found in model graph: zzz",
    ),
    "unknown method": (
        multi(("toy", "regress", "tensorflow/serving/predict")),
        grpc.StatusCode.UNIMPLEMENTED,
        "Unsupported signature method_name: tensorflow/serving/predict",
    ),
    "no examples, multi": (multi(("toy", "regress", "regress"), pairs=[]), INVALID, "Input is empty."),
}


@pytest.mark.parametrize(("message", "code", "text"), REFUSALS.values(), ids=REFUSALS)
def test_a_request_that_does_not_fit_is_refused_as_tf_serving_refuses_it(prediction, message, code, text):
    calls = {
        classification_pb2.ClassificationRequest: prediction.Classify,
        regression_pb2.RegressionRequest: prediction.Regress,
        inference_pb2.MultiInferenceRequest: prediction.MultiInference,
    }
    with pytest.raises(grpc.RpcError) as refused:
        calls[type(message)](message, timeout=20)
    assert (refused.value.code(), refused.value.details()) == (code, text)


def test_an_example_without_its_feature_is_refused_by_name(prediction):
    message = regression(pairs=[])
    message.input.example_list.examples.append(example({"user_id": "u1"}))
    with pytest.raises(grpc.RpcError) as refused:
        prediction.Regress(message, timeout=20)
    assert refused.value.code() is INVALID
    assert "item_id (data type: string) is required but could not be found" in refused.value.details()
