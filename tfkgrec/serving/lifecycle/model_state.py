"""What the manager knows of a model and its versions."""

from dataclasses import dataclass, field

from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.status import ServingError
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.lifecycle.versions import Fingerprint

LOADING: int = ModelVersionStatus.LOADING
AVAILABLE: int = ModelVersionStatus.AVAILABLE
UNLOADING: int = ModelVersionStatus.UNLOADING
END: int = ModelVersionStatus.END


@dataclass
class Version:
    """One version: `state` as TF Serving names it, `error` once a load has failed."""

    number: int
    state: int = LOADING
    error: ServingError | None = None
    servable: Servable | None = None
    requests: int = 0  # being answered now
    files: Fingerprint = frozenset()

    def status(self) -> ModelVersionStatus:
        """As GetModelStatus tells it."""
        status = ModelVersionStatus(version=self.number, state=self.state)
        status.status.SetInParent()
        if self.error:
            status.status.error_code = self.error.code.value[0]
            status.status.error_message = self.error.message
        return status


@dataclass
class Model:
    """A model of the config, or one that was (`served` is off), whose versions are all gone."""

    config: ModelConfig
    versions: dict[int, Version] = field(default_factory=dict)
    served: bool = True
    complaint: str = ""  # the last one logged, so that it is not repeated at every poll

    def available(self) -> list[Version]:
        """The versions that answer requests."""
        return [version for version in self.versions.values() if version.state == AVAILABLE]
