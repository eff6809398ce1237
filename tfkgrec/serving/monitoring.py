"""TF Serving's `monitoring_config_file`: whether and where the Prometheus page is."""

from pathlib import Path

from tfkgrec.errors import InputError
from tfkgrec.protos.serving_config import MonitoringConfig, read_text_proto
from tfkgrec.serving.metrics import PATH


def metrics_path(config_file: Path) -> str | None:
    """The path of the page; None where the config does not enable it.

    Raises:
        InputError: the file is none, or the path does not begin with a slash.
    """
    config = read_text_proto(config_file, MonitoringConfig()).prometheus_config
    if not config.enable:
        return None
    path = config.path or PATH
    if not path.startswith("/"):
        raise InputError(f"{config_file}: prometheus_config.path: expected a path from /, found {path!r}")
    return path
