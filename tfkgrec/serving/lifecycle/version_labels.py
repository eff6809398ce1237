"""Names for versions, such as "stable".

Source of the texts: tensorflow_serving/model_servers/server_core.cc.
"""

from collections.abc import Iterable, Mapping

from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfkgrec.runtime.status import FAILED_PRECONDITION, INVALID_ARGUMENT, ServingError
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.lifecycle.model_state import AVAILABLE, Model


def labelled_version(model: Model | None, spec: ModelSpec) -> int | None:
    """The version number that `spec` names, itself or by its label; None for the latest.

    Raises:
        ServingError: there is no such label.
    """
    if spec.HasField("version"):
        return int(spec.version.value)
    if not spec.HasField("version_label"):
        return None
    if model is None or spec.version_label not in model.config.labels:
        raise ServingError(INVALID_ARGUMENT, f"Unrecognized servable version label: {spec.version_label}")
    return model.config.labels[str(spec.version_label)]


def check_labels(configs: Iterable[ModelConfig], models: Mapping[str, Model]) -> None:
    """Raise `ServingError` unless every label names a version that answers requests now, as TF Serving demands."""
    for config in configs:
        versions = models[config.name].versions if config.name in models else {}
        for number in config.labels.values():
            if number not in versions or versions[number].state != AVAILABLE:
                raise ServingError(
                    FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {config.name}, "
                    "which is not currently available for inference",
                )
