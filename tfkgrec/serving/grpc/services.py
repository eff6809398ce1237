"""The two gRPC services of TF Serving, over an Api."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from tfkgrec.runtime.status import DEADLINE_EXCEEDED, INTERNAL, ServingError
from tfkgrec.serving.api import Api
from tfkgrec.serving.metrics import GRPC

log = logging.getLogger(__name__)

Reply = TypeVar("Reply")

MAX_MESSAGE = 2000  # an error's text travels in a header, and headers end at 8 kB


class InFlight:
    """How many requests are being answered; a `with` around each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def __enter__(self) -> None:
        with self._lock:
            self.count += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self.count -= 1


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict, Classify, Regress, MultiInference and GetModelMetadata."""

    def __init__(self, api: Api, in_flight: InFlight):
        self._api = api
        self._in_flight = in_flight

    def Predict(
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Run a signature."""
        return _answer(context, self._in_flight, lambda: self._api.predict(request, GRPC))

    def Classify(
        self, request: classification_pb2.ClassificationRequest, context: grpc.ServicerContext
    ) -> classification_pb2.ClassificationResponse:
        """Classes and scores of tf.Examples."""
        return _answer(context, self._in_flight, lambda: self._api.classify(request, GRPC))

    def Regress(
        self, request: regression_pb2.RegressionRequest, context: grpc.ServicerContext
    ) -> regression_pb2.RegressionResponse:
        """One number for each tf.Example."""
        return _answer(context, self._in_flight, lambda: self._api.regress(request, GRPC))

    def MultiInference(
        self, request: inference_pb2.MultiInferenceRequest, context: grpc.ServicerContext
    ) -> inference_pb2.MultiInferenceResponse:
        """Several of these two over the same tf.Examples."""
        return _answer(context, self._in_flight, lambda: self._api.multi_inference(request, GRPC))

    def GetModelMetadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """The signatures of a version."""
        return _answer(context, self._in_flight, lambda: self._api.metadata(request))


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, api: Api, in_flight: InFlight):
        self._api = api
        self._in_flight = in_flight

    def GetModelStatus(
        self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """The state of a model's versions."""
        return _answer(context, self._in_flight, lambda: self._api.status(request))

    def HandleReloadConfigRequest(
        self, request: model_management_pb2.ReloadConfigRequest, context: grpc.ServicerContext
    ) -> model_management_pb2.ReloadConfigResponse:
        """Serve what the request's config names."""
        return _answer(context, self._in_flight, lambda: self._api.reload(request))


def _answer(context: grpc.ServicerContext, in_flight: InFlight, work: Callable[[], Reply]) -> Reply:
    """The reply, or the error as its gRPC status: no exception leaves without a code."""
    try:
        remaining = context.time_remaining()
        if remaining is not None and remaining <= 0:  # it waited for a thread until nobody was listening any more
            raise ServingError(DEADLINE_EXCEEDED, "Deadline Exceeded")
        with in_flight:
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
