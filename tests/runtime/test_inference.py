"""Signatures and outputs that Classify and Regress cannot use, in TF Serving's words (classifier.cc, regressor.cc)."""

from types import SimpleNamespace

import numpy as np
import pytest
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tfkgrec.runtime import inference
from tfkgrec.runtime.status import ServingError

SERVABLE = SimpleNamespace(check_method_names=False)


def signature(inputs, outputs):
    made = SignatureDef()
    for names, into in ((inputs, made.inputs), (outputs, made.outputs)):
        for name in names:
            into[name].name = f"{name}:0"
    return made


@pytest.mark.parametrize(
    ("check", "inputs", "outputs", "text"),
    [
        (inference.classify_outputs, ["a", "b"], ["classes"], "Expected one input Tensor."),
        (inference.classify_outputs, ["inputs"], ["a", "b", "c"], "Expected one or two output Tensors, found 3"),
        (inference.classify_outputs, ["x"], ["classes"], "No classification inputs found in SignatureDef: "),
        (
            inference.classify_outputs,
            ["inputs"],
            ["x"],
            "Expected classification signature outputs to contain",
        ),
        (inference.regress_outputs, ["a", "b"], ["outputs"], "Expected one input Tensor."),
        (inference.regress_outputs, ["inputs"], ["a", "b"], "Expected one output Tensor."),
        (inference.regress_outputs, ["x"], ["outputs"], "No regression inputs found in SignatureDef: "),
        (inference.regress_outputs, ["inputs"], ["x"], "No regression outputs found in SignatureDef: "),
    ],
)
def test_a_signature_that_does_not_fit_the_call(check, inputs, outputs, text):
    with pytest.raises(ServingError) as refused:
        check(SERVABLE, signature(inputs, outputs))
    assert refused.value.message.startswith(text)


LABELS = np.array([[b"0", b"1"]], object)
SCORES = np.array([[0.25, 0.75]], np.float32)


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"scores": SCORES[0]}, "Expected Tensor shape: [batch_size num_classes] but got [2]"),
        ({"classes": SCORES}, "Expected classes Tensor of DT_STRING. Got: float32"),
        ({"scores": LABELS}, "Expected scores Tensor of DT_FLOAT. Got: object"),
        ({"scores": np.repeat(SCORES, 2, 0)}, "Expected scores output batch size of 1. Got: 2"),
        (
            {"classes": LABELS[:, :1], "scores": SCORES},
            "Tensors class and score should match in dim_size(1). Got 1 vs. 2",
        ),
    ],
)
def test_outputs_that_are_no_classification(arrays, text):
    with pytest.raises(ServingError) as refused:
        inference.classification_result(arrays, 1)
    assert refused.value.message == text


def test_classes_or_scores_alone_will_do():
    (row,) = inference.classification_result({"classes": LABELS}, 1).classifications
    assert [(one.label, one.score) for one in row.classes] == [("0", 0.0), ("1", 0.0)]
    (row,) = inference.classification_result({"scores": SCORES}, 1).classifications
    assert [(one.label, one.score) for one in row.classes] == [("", 0.25), ("", 0.75)]


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        (SCORES, "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]"),
        (SCORES[0], "Input batch size did not match output batch size: 1 vs. 2"),
        (np.array([1]), "Expected output Tensor of DT_FLOAT.  Got: int64"),
    ],
)
def test_outputs_that_are_no_regression(outputs, text):
    with pytest.raises(ServingError) as refused:
        inference.regression_result({"outputs": outputs}, 1)
    assert refused.value.message == text


def test_a_column_is_a_regression_too():
    result = inference.regression_result({"outputs": SCORES.T}, 2)
    assert [one.value for one in result.regressions] == [0.25, 0.75]
