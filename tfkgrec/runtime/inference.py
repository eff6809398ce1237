"""What Classify, Regress and MultiInference check before a signature runs, and what they make of its outputs.

Source of the texts: classifier.cc, regressor.cc in tensorflow_serving/servables/tensorflow.
"""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis import classification_pb2, regression_pb2

from tfkgrec.runtime.servable import DEFAULT_SIGNATURE, Servable
from tfkgrec.runtime.signature_defs import CLASSES, CLASSIFY, EXAMPLES, METHODS, OUTPUTS, REGRESS, SCORES
from tfkgrec.runtime.status import FAILED_PRECONDITION, INVALID_ARGUMENT, ServingError

Arrays: TypeAlias = Mapping[str, np.ndarray]


def find_signature(servable: Servable, key: str, not_found: str) -> tuple[str, SignatureDef]:
    """The name and definition of signature `key`, "" for the default; `not_found` is the refusal's text before it."""
    name = key or DEFAULT_SIGNATURE
    if not servable.has_signature(name):
        raise ServingError(INVALID_ARGUMENT, f"{not_found}{name}")
    return name, servable.signature_defs[name]


def classify_outputs(servable: Servable, signature: SignatureDef) -> list[str]:
    """The outputs of a signature that Classify can run.

    Raises:
        ServingError: it cannot.
    """
    _check_method(servable, signature, CLASSIFY, "classification")
    _check_one_input(signature)
    if len(signature.outputs) not in (1, 2):
        found = len(signature.outputs)
        raise ServingError(INVALID_ARGUMENT, f"Expected one or two output Tensors, found {found}")
    _check_input_name(signature, "classification")
    outputs = [name for name in (CLASSES, SCORES) if name in signature.outputs]
    if not outputs:
        raise ServingError(
            FAILED_PRECONDITION,
            f'Expected classification signature outputs to contain at least one of "{CLASSES}" or "{SCORES}". '
            f"Signature was: {signature}",
        )
    return outputs


def regress_outputs(servable: Servable, signature: SignatureDef) -> list[str]:
    """The same for Regress."""
    _check_method(servable, signature, REGRESS, "regression")
    _check_one_input(signature)
    if len(signature.outputs) != 1:
        raise ServingError(INVALID_ARGUMENT, "Expected one output Tensor.")
    _check_input_name(signature, "regression")
    if OUTPUTS not in signature.outputs:
        raise ServingError(FAILED_PRECONDITION, f"No regression outputs found in SignatureDef: {signature}")
    return [OUTPUTS]


def _check_method(servable: Servable, signature: SignatureDef, method: str, kind: str) -> None:
    if servable.check_method_names and signature.method_name != METHODS[method]:
        raise ServingError(
            INVALID_ARGUMENT,
            f"Expected {kind} signature method_name to be {METHODS[method]}. Was: {signature.method_name}",
        )


def _check_one_input(signature: SignatureDef) -> None:
    if len(signature.inputs) != 1:
        raise ServingError(INVALID_ARGUMENT, "Expected one input Tensor.")


def _check_input_name(signature: SignatureDef, kind: str) -> None:
    if EXAMPLES not in signature.inputs:
        raise ServingError(FAILED_PRECONDITION, f"No {kind} inputs found in SignatureDef: {signature}")


def classification_result(arrays: Arrays, examples: int) -> classification_pb2.ClassificationResult:
    """classes and scores [B, C], or one of them, as Classifications; `examples` is B."""
    for name, kind, type_name in ((CLASSES, "O", "DT_STRING"), (SCORES, "f", "DT_FLOAT")):
        if name not in arrays:
            continue
        array = arrays[name]
        if array.ndim != 2:
            raise ServingError(
                INVALID_ARGUMENT, f"Expected Tensor shape: [batch_size num_classes] but got {_shape(array)}"
            )
        if array.dtype.kind != kind:
            raise ServingError(INVALID_ARGUMENT, f"Expected {name} Tensor of {type_name}. Got: {array.dtype}")
        if len(array) != examples:
            raise ServingError(INVALID_ARGUMENT, f"Expected {name} output batch size of {examples}. Got: {len(array)}")
    widths = {array.shape[1] for array in arrays.values()}
    if len(widths) > 1:
        raise ServingError(
            INVALID_ARGUMENT,
            "Tensors class and score should match in dim_size(1). "
            f"Got {arrays[CLASSES].shape[1]} vs. {arrays[SCORES].shape[1]}",
        )
    result = classification_pb2.ClassificationResult()
    for row in range(examples):
        classes = result.classifications.add().classes
        for column in range(next(iter(widths))):
            one = classes.add()
            if CLASSES in arrays:
                one.label = arrays[CLASSES][row, column].decode(errors="replace")
            if SCORES in arrays:
                one.score = arrays[SCORES][row, column]
    return result


def regression_result(arrays: Arrays, examples: int) -> regression_pb2.RegressionResult:
    """outputs [B] or [B, 1] as Regressions; `examples` is B."""
    array = arrays[OUTPUTS]
    if not (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
        raise ServingError(
            INVALID_ARGUMENT,
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got " + _shape(array),
        )
    if len(array) != examples:
        raise ServingError(
            INVALID_ARGUMENT, f"Input batch size did not match output batch size: {examples} vs. {len(array)}"
        )
    if array.dtype != np.float32:
        raise ServingError(INVALID_ARGUMENT, f"Expected output Tensor of DT_FLOAT.  Got: {array.dtype}")
    result = regression_pb2.RegressionResult()
    for value in array.ravel().tolist():
        result.regressions.add().value = value
    return result


def _shape(array: np.ndarray) -> str:
    return str(list(array.shape)).replace(" ", "")
