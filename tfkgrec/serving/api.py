"""What can be asked of the server, whichever door the question comes through: gRPC (services.py) or REST (rest.py)."""

from collections.abc import Callable
from pathlib import Path

from google.protobuf.message import Message
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfkgrec.errors import InputError
from tfkgrec.runtime.classify import classify
from tfkgrec.runtime.multi_inference import multi_inference
from tfkgrec.runtime.predict import predict
from tfkgrec.runtime.regress import regress
from tfkgrec.runtime.servable import DEFAULT_SIGNATURE, Servable
from tfkgrec.runtime.signature_spec import InputInfos
from tfkgrec.runtime.status import INVALID_ARGUMENT, ServingError
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import models_of
from tfkgrec.serving.metrics import Metrics


class Api:
    """Answers requests from the manager's models and counts them.

    Args:
        manager: holds the models.
        metrics: counts.
        export_dir: stands for `/models` in a config that is sent (model_config.py).

    Every call raises `ServingError`, or `tf.errors.OpError` from the runtime.
    """

    def __init__(self, manager: ModelManager, metrics: Metrics, export_dir: Path):
        self._manager = manager
        self._metrics = metrics
        self._export_dir = export_dir

    def predict(self, request: predict_pb2.PredictRequest, entrypoint: str) -> predict_pb2.PredictResponse:
        """Run a signature."""
        with self._metrics.request(request.model_spec.name, self._manager.names, "Predict", entrypoint):
            with self._manager.using(_spec(request)) as servable:
                return predict(servable, request)

    def predict_from(
        self, spec: ModelSpec, fill: Callable[[predict_pb2.PredictRequest, InputInfos], None], entrypoint: str
    ) -> predict_pb2.PredictResponse:
        """Run a signature on a request that `fill` writes, told the inputs of the very version that will run."""
        with self._metrics.request(spec.name, self._manager.names, "Predict", entrypoint):
            with self._manager.using(spec) as servable:
                request = predict_pb2.PredictRequest(model_spec=spec)
                fill(request, _input_infos(servable, spec.signature_name))
                return predict(servable, request)

    def classify(
        self, request: classification_pb2.ClassificationRequest, entrypoint: str
    ) -> classification_pb2.ClassificationResponse:
        """Classes and scores of tf.Examples."""
        with self._metrics.request(request.model_spec.name, self._manager.names, "Classify", entrypoint):
            with self._manager.using(_spec(request)) as servable:
                response = classify(servable, request)
            self._metrics.examples(servable.name, len(response.result.classifications))
            return response

    def regress(self, request: regression_pb2.RegressionRequest, entrypoint: str) -> regression_pb2.RegressionResponse:
        """One number for each tf.Example."""
        with self._metrics.request(request.model_spec.name, self._manager.names, "Regress", entrypoint):
            with self._manager.using(_spec(request)) as servable:
                response = regress(servable, request)
            self._metrics.examples(servable.name, len(response.result.regressions))
            return response

    def multi_inference(
        self, request: inference_pb2.MultiInferenceRequest, entrypoint: str
    ) -> inference_pb2.MultiInferenceResponse:
        """Several of these two over the same tf.Examples."""
        spec = request.tasks[0].model_spec if request.tasks else ModelSpec()
        with self._metrics.request(spec.name, self._manager.names, "MultiInference", entrypoint):
            with self._manager.using(spec) as servable:
                return multi_inference(servable, request)

    def metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """The signatures of a version."""
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

    def status(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """The state of a model's versions."""
        versions = self._manager.status(_spec(request))
        return get_model_status_pb2.GetModelStatusResponse(model_version_status=versions)

    def reload(self, request: model_management_pb2.ReloadConfigRequest) -> model_management_pb2.ReloadConfigResponse:
        """Serve other models, or others of their versions; what is new is loaded when this returns."""
        if request.config.WhichOneof("config") != "model_config_list":
            raise ServingError(
                INVALID_ARGUMENT,
                "ServerModelConfig type not supported by HandleReloadConfigRequest."
                " Only ModelConfigList is currently supported",
            )
        try:
            models = models_of(request.config, self._export_dir)
        except InputError as error:
            raise ServingError(INVALID_ARGUMENT, str(error)) from None
        self._manager.reload(models)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.SetInParent()
        return response


def _input_infos(servable: Servable, signature: str) -> InputInfos:
    """The inputs of a signature, "" for the default one; the refusal is that of REST (json_tensor.cc)."""
    name = signature or DEFAULT_SIGNATURE
    if not servable.has_signature(name):
        raise ServingError(INVALID_ARGUMENT, f'Serving signature name: "{name}" not found in signature def')
    infos: InputInfos = servable.signature_defs[name].inputs
    return infos


def _spec(request: Message) -> ModelSpec:
    if not request.HasField("model_spec"):
        raise ServingError(INVALID_ARGUMENT, "Missing ModelSpec")
    return request.model_spec
