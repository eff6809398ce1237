"""Classify, Regress and MultiInference: tf.Examples in."""

import numpy as np
import pytest
from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from tests.serving.conformance.test_predict import probability
from tfkgrec.runtime.examples import example

PAIRS = [("u1", "i3"), ("u3", "i6"), ("nobody", "i1")]
WANTED = [probability(1, 3), probability(3, 6), probability(0, 1)]


def filled(message, name="toy", signature=""):
    if name:
        message.model_spec.name, message.model_spec.signature_name = name, signature
    for user, item in PAIRS:
        message.input.example_list.examples.add().CopyFrom(example({"user_id": user, "item_id": item}))
    return message


def check_classes(result):
    rows = [[(one.label, one.score) for one in row.classes] for row in result.classifications]
    assert [[label for label, _ in row] for row in rows] == [["0", "1"]] * 3
    np.testing.assert_allclose([[score for _, score in row] for row in rows], [[1 - p, p] for p in WANTED], atol=1e-6)


def check_regressions(result):
    np.testing.assert_allclose([one.value for one in result.regressions], WANTED, atol=1e-6)


def test_classify(prediction):
    reply = prediction.Classify(filled(classification_pb2.ClassificationRequest(), signature="classify"), timeout=20)
    check_classes(reply.result)
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("toy", 2)
    assert reply.model_spec.signature_name == "classify"


def test_regress(prediction):
    reply = prediction.Regress(filled(regression_pb2.RegressionRequest(), signature="regress"), timeout=20)
    check_regressions(reply.result)
    assert reply.model_spec.version.value == 2


def test_a_context_is_shared_by_the_examples(prediction):
    message = regression_pb2.RegressionRequest()
    message.model_spec.name, message.model_spec.signature_name = "toy", "regress"
    with_context = message.input.example_list_with_context
    with_context.context.CopyFrom(example({"user_id": "u1"}))
    for item in ("i3", "i1"):
        with_context.examples.add().CopyFrom(example({"item_id": item}))
    values = [one.value for one in prediction.Regress(message, timeout=20).result.regressions]
    np.testing.assert_allclose(values, [probability(1, 3), probability(1, 1)], atol=1e-6)


@pytest.mark.parametrize("order", [("classify", "regress"), ("regress", "classify"), ("regress",)])
def test_multi_inference(prediction, order):
    message = filled(inference_pb2.MultiInferenceRequest(), name="")
    for signature in order:
        task = message.tasks.add(method_name=f"tensorflow/serving/{signature}")
        task.model_spec.name, task.model_spec.signature_name = "toy", signature
    results = prediction.MultiInference(message, timeout=20).results
    assert [result.model_spec.signature_name for result in results] == list(order)
    for signature, result in zip(order, results, strict=True):
        if signature == "classify":
            check_classes(result.classification_result)
        else:
            check_regressions(result.regression_result)
