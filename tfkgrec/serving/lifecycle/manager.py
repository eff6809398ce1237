"""Keeps the right versions of every model loaded while requests go on.

A new version is loaded and warmed up beside the old one and then takes its place; the old one is closed when its last
request has been answered. A version that does not load is reported in the model's status, and the old one stays.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.status import INVALID_ARGUMENT, NOT_FOUND, UNKNOWN, ServingError
from tfkgrec.runtime.warmup import replay_warmup
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.lifecycle.model_state import AVAILABLE, END, UNLOADING, Model, Version
from tfkgrec.serving.lifecycle.version_labels import check_labels, labelled_version
from tfkgrec.serving.lifecycle.versions import choose_versions, find_versions, fingerprint

log = logging.getLogger(__name__)


class Observer:
    """Is told what the manager does; what a subclass does not care for does nothing."""

    def loaded(self, path: Path, seconds: float, ok: bool) -> None:
        """A version was loaded and warmed up, or could not be."""

    def polled(self, ready: bool) -> None:
        """The manager has looked; `ready`: every model has a version that answers."""


class ModelManager:
    """Loads, swaps and unloads versions, and lends them to requests.

    Args:
        models: what to serve.
        load: makes a Servable of (name, version, path).
        warm_up: replay a version's warm-up requests before it goes live.
        allow_unavailable_labels: `reload` takes labels of versions that are not loaded (yet).
    """

    def __init__(
        self,
        models: Iterable[ModelConfig],
        load: Callable[[str, int, Path], Servable] = Servable,
        *,
        warm_up: bool = True,
        allow_unavailable_labels: bool = False,
    ):
        # Replaced, never changed in place: requests read it without a lock.
        self._models = {config.name: Model(config) for config in models}
        self._load_servable = load
        self._warm_up = warm_up
        self._allow_unavailable_labels = allow_unavailable_labels
        self._observers: list[Observer] = []
        self._changing = threading.RLock()  # one poll or reload at a time
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._poller: threading.Thread | None = None

    @property
    def names(self) -> list[str]:
        """The models of the config."""
        return [name for name, model in self._models.items() if model.served]

    def tell(self, observer: Observer) -> None:
        """Tell `observer` of all that happens from now on."""
        self._observers.append(observer)

    def ready(self) -> bool:
        """Whether every model has a version that answers."""
        with self._lock:
            return all(model.available() for model in self._models.values() if model.served)

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
        with self._changing:
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
        """The state of every version ever seen, newest first; of one version, when `spec` names it or its label.

        Raises:
            ServingError: there is no such model, version or label.
        """
        model = self._models.get(spec.name)
        number = labelled_version(model, spec)
        with self._lock:
            versions = sorted(model.versions.values(), key=lambda v: v.number, reverse=True) if model else []
            if number is not None:
                versions = [version for version in versions if version.number == number]
                if not versions:
                    raise ServingError(NOT_FOUND, f"Could not find version {number} of model {spec.name}")
            if not versions:
                raise ServingError(NOT_FOUND, f"Could not find any versions of model {spec.name}")
            return [version.status() for version in versions]

    def poll(self) -> None:
        """Look at the disk once: load what is new, then unload what has been replaced."""
        with self._changing:
            for model in self._models.values():
                if model.served:
                    self._poll_safely(model)
            ready = self.ready()
            for observer in self._observers:
                observer.polled(ready)

    def reload(self, models: Iterable[ModelConfig]) -> None:
        """Serve `models` from now on: those that are new are loaded before this returns, those left out are withdrawn.

        Raises:
            ServingError: a label names a version that is not loaded, and nothing has changed; or a new model did not
                become available, and all the rest has been done.
        """
        configs = {config.name: config for config in models}
        with self._changing:
            if not self._allow_unavailable_labels:
                check_labels(configs.values(), self._models)
            changed = [self._adopt(config) for config in configs.values()]
            self.poll()
            for name, model in self._models.items():
                if name not in configs:
                    model.served = False
                    self._retire(model, model.available())
            failed = [model for model in changed if model and not model.available()]
            if failed:
                raise ServingError(UNKNOWN, _did_not_become_available(failed))

    def _adopt(self, config: ModelConfig) -> Model | None:
        """Take in one model's config; what was made for it, where it is new or its versions lie elsewhere now."""
        old = self._models.get(config.name)
        if old and old.served and old.config.base_path == config.base_path:
            old.config = config
            return None
        model = Model(config)
        if old and old.served:  # the old folder's versions answer until the new one's do
            self._poll_safely(model)
            if not model.available():
                return model
        self._models = {**self._models, config.name: model}
        if old:
            self._retire(old, old.available())
        return model

    def _poll_safely(self, model: Model) -> None:
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

    def _poll_model(self, model: Model) -> None:
        found = find_versions(model.config.base_path)
        wanted = choose_versions(found, model.config.policy)
        self._complain(model, "" if wanted else f"{model.config.name}: no version to serve in {model.config.base_path}")
        for number in wanted:
            if not self._stop.is_set() and self._should_load(model, number, found[number]):
                self._load(model, number, found[number])
        available = model.available()
        if not wanted or any(version.number in wanted for version in available):
            self._retire(model, [version for version in available if version.number not in wanted])

    def _complain(self, model: Model, complaint: str) -> None:
        if complaint and complaint != model.complaint:
            log.warning(complaint)
        model.complaint = complaint

    def _should_load(self, model: Model, number: int, path: Path) -> bool:
        version = model.versions.get(number)
        if version is None:
            return True
        if version.error:  # perhaps it was still being copied: try again once its files have changed
            return version.files != fingerprint(path)
        return version.state == END  # was unloaded, is wanted again

    def _load(self, model: Model, number: int, path: Path) -> None:
        version = Version(number, files=fingerprint(path))
        with self._lock:
            model.versions[number] = version
        name, started = model.config.name, time.perf_counter()
        try:
            version.servable = self._load_servable(name, number, path)
            replayed = replay_warmup(version.servable) if self._warm_up else 0
        except Exception as error:
            if version.servable:
                version.servable.close()
            wrapped = ServingError.wrap(error)
            with self._lock:
                version.servable, version.error, version.state = None, wrapped, END
            log.error("%s: version %d not loaded from %s: %s", name, number, path, " ".join(wrapped.message.split()))
            self._tell_loaded(path, time.perf_counter() - started, False)
            return
        with self._lock:
            version.state = AVAILABLE
        seconds = time.perf_counter() - started
        self._tell_loaded(path, seconds, True)
        log.info("%s: version %d available (%.1f s, %d warm-up requests)", name, number, seconds, replayed)

    def _tell_loaded(self, path: Path, seconds: float, ok: bool) -> None:
        for observer in self._observers:
            observer.loaded(path, seconds, ok)

    def _retire(self, model: Model, versions: Iterable[Version]) -> None:
        for version in versions:
            with self._lock:
                version.state = UNLOADING
            self._close_if_idle(version)
            log.info("%s: version %d withdrawn", model.config.name, version.number)

    def _close_if_idle(self, version: Version) -> None:
        with self._lock:
            if version.state != UNLOADING or version.requests or version.servable is None:
                return
            servable, version.servable = version.servable, None
        servable.close()
        with self._lock:
            version.state = END

    def _borrow(self, spec: ModelSpec) -> Version:
        if not spec.name:
            raise ServingError(INVALID_ARGUMENT, "ModelSpec has no name specified.")
        model = self._models.get(spec.name)
        number = labelled_version(model, spec)
        wanted = f"Latest({spec.name})" if number is None else f"Specific({spec.name}, {number})"
        with self._lock:
            available = model.available() if model else []
            candidates = [version for version in available if number in (None, version.number)]
            if not candidates:
                raise ServingError(NOT_FOUND, f"Servable not found for request: {wanted}")
            version = max(candidates, key=lambda v: v.number)
            version.requests += 1
            return version

    def _give_back(self, version: Version) -> None:
        with self._lock:
            version.requests -= 1
        self._close_if_idle(version)


def _did_not_become_available(models: Iterable[Model]) -> str:
    """TF Serving's words (server_core.cc)."""
    told = []
    for model in models:
        failed = [version for version in model.versions.values() if version.error]
        told += [
            f"{{{{name: {model.config.name} version: {version.number}}} due to error: {version.error}}}, "
            for version in failed
        ] or [f"{{No versions of servable {model.config.name} found under base path {model.config.base_path}}}, "]
    return f"{len(told)} servable(s) did not become available: {{{''.join(told)}}}"
