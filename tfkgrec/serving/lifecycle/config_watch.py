"""Reads the model config file again while the server runs (`--model_config_file_poll_wait_seconds`)."""

import logging
import threading
from pathlib import Path

from tfkgrec.errors import InputError
from tfkgrec.runtime.status import ServingError
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import read_model_config

log = logging.getLogger(__name__)


class ConfigWatch:
    """In a `with`, reloads `manager` whenever the text of `file` has changed; a bad text is logged and changes nothing.

    Args:
        manager: what to reload.
        file: the model config; None: nothing to watch.
        export_dir: see `read_model_config`.
        seconds: how often to look; 0: never.
    """

    def __init__(self, manager: ModelManager, file: Path | None, export_dir: Path, seconds: float):
        self._manager = manager
        self._file = file
        self._export_dir = export_dir
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "ConfigWatch":
        if self._file is not None and self._seconds:
            self._thread = threading.Thread(
                target=self._watch, args=(self._file, _text(self._file)), name="config-watch", daemon=True
            )
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _watch(self, file: Path, seen: bytes | None) -> None:
        while not self._stop.wait(self._seconds):
            text = _text(file)
            if text == seen:
                continue
            seen = text
            try:
                self._manager.reload(read_model_config(file, self._export_dir))
            except (InputError, ServingError) as error:
                log.error("%s not taken over: %s", file, error)
            except Exception:  # the watch goes on whatever happens
                log.exception("%s not taken over", file)
            else:
                log.info("%s taken over: %s", file, ", ".join(self._manager.names))


def _text(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
