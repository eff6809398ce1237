"""PredictionService.Predict: TF Serving's checks in TF Serving's order and words, then the call.

Source of the texts: tensorflow_serving/servables/tensorflow/predict_util.cc and tensorflow/cc/saved_model/util.cc.
"""

from collections.abc import Iterable

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis import predict_pb2

from tfkgrec.serving import tensors
from tfkgrec.serving.servable import DEFAULT_SIGNATURE, Servable
from tfkgrec.serving.status import INVALID_ARGUMENT, ServingError


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
    response = predict_pb2.PredictResponse()
    response.model_spec.CopyFrom(servable.spec(key))
    for name, array in servable.run(key, inputs, outputs).items():
        response.outputs[name].CopyFrom(tensors.to_proto(array))
    return response


def read_inputs(signature: SignatureDef, request: predict_pb2.PredictRequest) -> dict[str, np.ndarray]:
    """The request's tensors by input name, in an order that depends on the signature alone."""
    sent, wanted = set(request.inputs), set(signature.inputs)
    if len(sent) != len(wanted):
        raise ServingError(
            INVALID_ARGUMENT,
            f"input size does not match signature: {len(sent)}!={len(wanted)} "
            f"len({_set(sent)}) != len({_set(wanted)}). "
            f"Sent extra: {_set(sent - wanted)}. Missing but required: {_set(wanted - sent)}.",
        )
    names = sorted(wanted, key=lambda name: signature.inputs[name].name)  # the runtime numbers its arguments so
    for name in names:
        if name not in sent:
            raise ServingError(
                INVALID_ARGUMENT,
                f"Signature input alias: {name}(feed name: {signature.inputs[name].name}) not found in request and "
                f"no default value provided. Inputs expected to be in the request {_set(sent)}, "
                "or default input alias set: ",
            )
    return {name: _read(signature, request, name, position) for position, name in enumerate(names)}


def _read(signature: SignatureDef, request: predict_pb2.PredictRequest, name: str, position: int) -> np.ndarray:
    info, proto = signature.inputs[name], request.inputs[name]
    if proto.dtype not in (info.dtype, types_pb2.DT_INVALID):
        wanted, sent = tensors.type_name(info.dtype), tensors.type_name(proto.dtype)
        raise ServingError(INVALID_ARGUMENT, f"Expects arg[{position}] to be {wanted} but {sent} is provided")
    try:
        array = tensors.from_proto(proto)
    except ValueError as error:
        raise ServingError(INVALID_ARGUMENT, f"tensor parsing error: {name}") from error
    # TF Serving leaves the shape to whichever operation trips over it first, or to none. Refusing here is always clear.
    shape = [dim.size for dim in info.tensor_shape.dim]
    fits = len(shape) == array.ndim and all(w in (-1, s) for w, s in zip(shape, array.shape, strict=True))
    if not info.tensor_shape.unknown_rank and not fits:
        wanted = str(["?" if size == -1 else size for size in shape]).replace("'", "")
        raise ServingError(INVALID_ARGUMENT, f"input {name} should have shape {wanted}. Received: {list(array.shape)}")
    return array


def chosen_outputs(signature: SignatureDef, output_filter: Iterable[str]) -> list[str]:
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
    return chosen or sorted(signature.outputs)


def _set(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
