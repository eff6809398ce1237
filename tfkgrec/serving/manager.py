"""Keeps the right versions of every model loaded while requests go on.

A new version is loaded and warmed up beside the old one and then takes its place; the old one is closed when its last
request has been answered. A version that does not load is reported in the model's status, and the old one stays.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfkgrec.serving.model_config import ModelConfig
from tfkgrec.serving.servable import Servable
from tfkgrec.serving.status import INVALID_ARGUMENT, NOT_FOUND, ServingError
from tfkgrec.serving.versions import Fingerprint, choose_versions, find_versions, fingerprint
from tfkgrec.serving.warmup import replay_warmup

log = logging.getLogger(__name__)

LOADING, AVAILABLE = ModelVersionStatus.LOADING, ModelVersionStatus.AVAILABLE
UNLOADING, END = ModelVersionStatus.UNLOADING, ModelVersionStatus.END


@dataclass
class _Version:
    """One version: `state` as TF Serving names it, `error` once a load has failed."""

    number: int
    state: int = LOADING
    error: ServingError | None = None
    servable: Servable | None = None
    requests: int = 0  # being answered now
    files: Fingerprint = frozenset()


@dataclass
class _Model:
    config: ModelConfig
    versions: dict[int, _Version] = field(default_factory=dict)
    complaint: str = ""  # the last one logged, so that it is not repeated at every poll

    def available(self) -> list[_Version]:
        return [version for version in self.versions.values() if version.state == AVAILABLE]


class ModelManager:
    """Loads, swaps and unloads versions, and lends them to requests.

    Args:
        models: what to serve.
        load: makes a Servable of (name, version, path).
    """

    def __init__(self, models: Iterable[ModelConfig], load: Callable[[str, int, Path], Servable] = Servable):
        self._models = {config.name: _Model(config) for config in models}
        self._load_servable = load
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._poller: threading.Thread | None = None

    @property
    def names(self) -> list[str]:
        return list(self._models)

    def start(self, poll_seconds: float) -> None:
        """Load what is there, then look again every `poll_seconds`; 0 looks once only."""
        self.poll()
        if poll_seconds:
            self._poller = threading.Thread(
                target=self._watch, args=(poll_seconds,), name="version-poller", daemon=True
            )
            self._poller.start()

    def stop(self) -> None:
        """Stop looking and close every version; to be called when no request can come any more."""
        self._stop.set()
        if self._poller:
            self._poller.join()
        for model in self._models.values():
            self._retire(model, model.available())

    @contextmanager
    def using(self, spec: ModelSpec) -> Iterator[Servable]:
        """The version that `spec` asks for; it stays open inside the `with`.

        Raises:
            ServingError: there is no such model, version or label.
        """
        version = self._borrow(spec)
        try:
            if version.servable is None:
                raise RuntimeError(f"version {version.number} was closed while a request held it")
            yield version.servable
        finally:
            self._give_back(version)

    def status(self, spec: ModelSpec) -> list[ModelVersionStatus]:
        """The state of every version ever seen, newest first; of one version, when `spec` names it.

        Raises:
            ServingError: there is no such model or version.
        """
        model = self._models.get(spec.name)
        with self._lock:
            versions = sorted(model.versions.values(), key=lambda v: v.number, reverse=True) if model else []
            if spec.HasField("version"):
                number = spec.version.value
                versions = [version for version in versions if version.number == number]
                if not versions:
                    raise ServingError(NOT_FOUND, f"Could not find version {number} of model {spec.name}")
            if not versions:
                raise ServingError(NOT_FOUND, f"Could not find any versions of model {spec.name}")
            return [_status(version) for version in versions]

    def poll(self) -> None:
        """Look at the disk once: load what is new, then unload what has been replaced."""
        for model in self._models.values():
            try:
                self._poll_model(model)
            except OSError as error:
                self._complain(
                    model, f"{model.config.name}: cannot read {model.config.base_path}: {error.strerror or error}"
                )
            except Exception:  # the watch goes on whatever happens
                log.exception("%s: looking for versions failed", model.config.name)

    def _watch(self, poll_seconds: float) -> None:
        while not self._stop.wait(poll_seconds):
            self.poll()

    def _poll_model(self, model: _Model) -> None:
        found = find_versions(model.config.base_path)
        wanted = choose_versions(found, model.config.policy)
        self._complain(model, "" if wanted else f"{model.config.name}: no version to serve in {model.config.base_path}")
        for number in wanted:
            if not self._stop.is_set() and self._should_load(model, number, found[number]):
                self._load(model, number, found[number])
        available = model.available()
        if not wanted or any(version.number in wanted for version in available):
            self._retire(model, [version for version in available if version.number not in wanted])

    def _complain(self, model: _Model, complaint: str) -> None:
        if complaint and complaint != model.complaint:
            log.warning(complaint)
        model.complaint = complaint

    def _should_load(self, model: _Model, number: int, path: Path) -> bool:
        version = model.versions.get(number)
        if version is None:
            return True
        if version.error:  # perhaps it was still being copied: try again once its files have changed
            return version.files != fingerprint(path)
        return version.state == END  # was unloaded, is wanted again

    def _load(self, model: _Model, number: int, path: Path) -> None:
        version = _Version(number, files=fingerprint(path))
        with self._lock:
            model.versions[number] = version
        name, started = model.config.name, time.perf_counter()
        try:
            version.servable = self._load_servable(name, number, path)
            replayed = replay_warmup(version.servable)
        except Exception as error:
            if version.servable:
                version.servable.close()
            wrapped = ServingError.wrap(error)
            with self._lock:
                version.servable, version.error, version.state = None, wrapped, END
            log.error("%s: version %d not loaded from %s: %s", name, number, path, " ".join(wrapped.message.split()))
            return
        with self._lock:
            version.state = AVAILABLE
        seconds = time.perf_counter() - started
        log.info("%s: version %d available (%.1f s, %d warm-up requests)", name, number, seconds, replayed)

    def _retire(self, model: _Model, versions: Iterable[_Version]) -> None:
        for version in versions:
            with self._lock:
                version.state = UNLOADING
            self._close_if_idle(version)
            log.info("%s: version %d withdrawn", model.config.name, version.number)

    def _close_if_idle(self, version: _Version) -> None:
        with self._lock:
            if version.state != UNLOADING or version.requests or version.servable is None:
                return
            servable, version.servable = version.servable, None
        servable.close()
        with self._lock:
            version.state = END

    def _borrow(self, spec: ModelSpec) -> _Version:
        if not spec.name:
            raise ServingError(INVALID_ARGUMENT, "ModelSpec has no name specified.")
        model = self._models.get(spec.name)
        number = self._number(model, spec)
        wanted = f"Latest({spec.name})" if number is None else f"Specific({spec.name}, {number})"
        with self._lock:
            available = model.available() if model else []
            candidates = [version for version in available if number in (None, version.number)]
            if not candidates:
                raise ServingError(NOT_FOUND, f"Servable not found for request: {wanted}")
            version = max(candidates, key=lambda v: v.number)
            version.requests += 1
            return version

    def _give_back(self, version: _Version) -> None:
        with self._lock:
            version.requests -= 1
        self._close_if_idle(version)

    @staticmethod
    def _number(model: _Model | None, spec: ModelSpec) -> int | None:
        """The version number that `spec` names, itself or by its label; None for the latest."""
        if spec.HasField("version"):
            return spec.version.value
        if not spec.HasField("version_label"):
            return None
        if model is None or spec.version_label not in model.config.labels:
            raise ServingError(INVALID_ARGUMENT, f"Unrecognized servable version label: {spec.version_label}")
        return model.config.labels[spec.version_label]


def _status(version: _Version) -> ModelVersionStatus:
    status = ModelVersionStatus(version=version.number, state=version.state)
    if version.error:
        status.status.error_code = version.error.code.value[0]
        status.status.error_message = version.error.message
    return status
