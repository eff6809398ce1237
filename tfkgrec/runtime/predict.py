"""PredictionService.Predict: TF Serving's checks in TF Serving's order and words, then the call.

Source of the texts: tensorflow_serving/servables/tensorflow/predict_util.cc and tensorflow/cc/saved_model/util.cc.
"""

from collections.abc import Iterable

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import predict_pb2

from tfkgrec.runtime import tensors
from tfkgrec.runtime.servable import DEFAULT_SIGNATURE, Servable
from tfkgrec.runtime.signature_spec import CallableSignature, Input
from tfkgrec.runtime.status import INVALID_ARGUMENT, ServingError


def predict(servable: Servable, request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
    """Answer one request.

    Raises:
        ServingError: the request does not fit the signature.
        tf.errors.OpError: the runtime refused the values.
    """
    key = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signature(key)
    inputs = read_inputs(signature, request)
    outputs = chosen_outputs(signature, request.output_filter)
    response = predict_pb2.PredictResponse(model_spec=servable.spec(key))
    for name, array in servable.run(key, inputs, outputs).items():
        tensors.fill(response.outputs[name], array)
    return response


def read_inputs(signature: CallableSignature, request: predict_pb2.PredictRequest) -> dict[str, np.ndarray]:
    """The request's tensors by input name, in an order that depends on the signature alone."""
    if len(request.inputs) != len(signature.inputs):
        sent, wanted = set(request.inputs), set(signature.inputs)
        raise ServingError(
            INVALID_ARGUMENT,
            f"input size does not match signature: {len(sent)}!={len(wanted)} "
            f"len({_set(sent)}) != len({_set(wanted)}). "
            f"Sent extra: {_set(sent - wanted)}. Missing but required: {_set(wanted - sent)}.",
        )
    for name, expected in signature.inputs.items():
        if name not in request.inputs:
            raise ServingError(
                INVALID_ARGUMENT,
                f"Signature input alias: {name}(feed name: {expected.tensor}) not found in request and "
                f"no default value provided. Inputs expected to be in the request {_set(request.inputs)}, "
                "or default input alias set: ",
            )
    return {
        name: _read(request.inputs[name], name, expected, position)
        for position, (name, expected) in enumerate(signature.inputs.items())
    }


def _read(proto: TensorProto, name: str, expected: Input, position: int) -> np.ndarray:
    if proto.dtype not in (expected.dtype, types_pb2.DT_INVALID):
        wanted, sent = tensors.type_name(expected.dtype), tensors.type_name(proto.dtype)
        raise ServingError(INVALID_ARGUMENT, f"Expects arg[{position}] to be {wanted} but {sent} is provided")
    try:
        array = tensors.from_proto(proto)
    except ValueError as error:
        raise ServingError(INVALID_ARGUMENT, f"tensor parsing error: {name}") from error
    # TF Serving leaves the shape to whichever operation trips over it first, or to none. Refusing here is always clear.
    if expected.shape is not None and not _fits(array.shape, expected.shape):
        wanted = str(["?" if size == -1 else size for size in expected.shape]).replace("'", "")
        raise ServingError(INVALID_ARGUMENT, f"input {name} should have shape {wanted}. Received: {list(array.shape)}")
    return array


def _fits(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(shape) == len(expected) and all(w in (-1, s) for w, s in zip(expected, shape, strict=True))


def chosen_outputs(signature: CallableSignature, output_filter: Iterable[str]) -> list[str]:
    """The outputs asked for; all of them when none is named."""
    chosen: list[str] = []
    for name in output_filter:
        if name not in signature.outputs:
            raise ServingError(
                INVALID_ARGUMENT,
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {_set(signature.outputs)}.",
            )
        if name in chosen:
            raise ServingError(INVALID_ARGUMENT, f"duplicate output tensor alias: {name}")
        chosen.append(name)
    return chosen or list(signature.outputs)


def _set(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
