"""The two gRPC services of TF Serving, over a ModelManager."""

import logging
from collections.abc import Callable
from typing import TypeVar

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfkgrec.serving.manager import ModelManager
from tfkgrec.serving.predict import predict
from tfkgrec.serving.status import INTERNAL, INVALID_ARGUMENT, ServingError

log = logging.getLogger(__name__)

Reply = TypeVar("Reply")

MAX_MESSAGE = 2000  # an error's text travels in a header, and headers end at 8 kB


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata; the other calls answer UNIMPLEMENTED."""

    def __init__(self, manager: ModelManager):
        self._manager = manager

    def Predict(
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Run a signature."""
        return _answer(context, lambda: self._predict(request))

    def GetModelMetadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """The signatures of a version."""
        return _answer(context, lambda: self._metadata(request))

    def _predict(self, request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
        with self._manager.using(_spec(request)) as servable:
            return predict(servable, request)

    def _metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        spec = _spec(request)
        if not request.metadata_field:
            raise ServingError(INVALID_ARGUMENT, "GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != "signature_def":
                raise ServingError(INVALID_ARGUMENT, f"Metadata field {field} is not supported")
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        with self._manager.using(spec) as servable:
            response.model_spec.name = servable.name
            response.model_spec.version.value = servable.version
            signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=servable.signature_defs)
        response.metadata["signature_def"].Pack(signatures)
        return response


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus; HandleReloadConfigRequest answers UNIMPLEMENTED."""

    def __init__(self, manager: ModelManager):
        self._manager = manager

    def GetModelStatus(
        self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """The state of a model's versions."""
        return _answer(context, lambda: self._status(request))

    def _status(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        versions = self._manager.status(_spec(request))
        return get_model_status_pb2.GetModelStatusResponse(model_version_status=versions)


def _spec(request: predict_pb2.PredictRequest) -> ModelSpec:
    if not request.HasField("model_spec"):
        raise ServingError(INVALID_ARGUMENT, "Missing ModelSpec")
    return request.model_spec


def _answer(context: grpc.ServicerContext, work: Callable[[], Reply]) -> Reply:
    """The reply, or the error as its gRPC status: no exception leaves without a code."""
    try:
        return work()
    except Exception as error:
        wrapped = ServingError.wrap(error)
        if wrapped.code is INTERNAL:
            log.exception("a request failed inside the server")
        message = wrapped.message
        if len(message) > MAX_MESSAGE:
            message = message[:MAX_MESSAGE] + "..."
    context.abort(wrapped.code, message)
    raise RuntimeError("abort returned")  # it never does; this is for the type checker
