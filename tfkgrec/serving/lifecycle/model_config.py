"""What to serve: `models.config`, the text form of TF Serving's ModelServerConfig, checked as TF Serving checks it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2
from tensorflow_serving.config.file_system_storage_path_source_pb2 import FileSystemStoragePathSourceConfig

from tfkgrec.errors import InputError

VersionPolicy: TypeAlias = FileSystemStoragePathSourceConfig.ServableVersionPolicy

CONTAINER_ROOT = Path("/models")  # where docker-compose.yml mounts the exports


@dataclass(frozen=True)
class ModelConfig:
    """One model to serve.

    Attributes:
        name: what requests call it.
        base_path: folder of its versions, `<base_path>/<integer>/saved_model.pb`.
        policy: which versions to serve; an empty one means the latest.
        labels: names for versions, such as "stable".
    """

    name: str
    base_path: Path
    policy: VersionPolicy = field(default_factory=VersionPolicy)
    labels: Mapping[str, int] = field(default_factory=dict)


def read_model_config(path: Path, export_dir: Path) -> list[ModelConfig]:
    """The models that a config file names.

    Args:
        path: the file.
        export_dir: stands for `/models` on a machine that has no such folder, so that one file serves the container
            and the embedded server.

    Raises:
        InputError: TF Serving would not start on this file; the message has the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected a readable model config file: {error}") from None
    try:
        config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    except text_format.ParseError as error:
        message = re.sub(r"^\d+:\d+ : ", "", str(error))
        raise InputError(f"{path}:{error.GetLine() or 1}: {message}") from None
    if not config.model_config_list.config:
        raise InputError(f"{path}:1: expected model_config_list {{ config {{ ... }} }} with a model, found none")
    lines = _block_lines(text)

    def where(number: int) -> str:
        return f"{path}:{lines[number] if number < len(lines) else 1}: "

    return models_of(config, export_dir, where)


def models_of(
    config: model_server_config_pb2.ModelServerConfig,
    export_dir: Path,
    where: Callable[[int], str] = lambda number: "",
) -> list[ModelConfig]:
    """The models of a parsed config; for `export_dir` see `read_model_config`.

    Raises:
        InputError: TF Serving would refuse the n-th; the message begins with `where(n)`.
    """
    models: dict[str, ModelConfig] = {}
    for number, entry in enumerate(config.model_config_list.config):
        problem = _problem(entry, models)
        if problem:
            raise InputError(f"{where(number)}{problem}")
        base_path = _on_this_machine(Path(entry.base_path), export_dir)
        models[entry.name] = ModelConfig(entry.name, base_path, entry.model_version_policy, dict(entry.version_labels))
    return list(models.values())


def _problem(entry: model_server_config_pb2.ModelConfig, models: Mapping[str, ModelConfig]) -> str | None:
    """What TF Serving's server_core.cc would refuse in `entry`."""
    if not entry.name:
        return "expected name, found none"
    if entry.name in models:
        return f"Illegal to list model {entry.name} multiple times in config list"
    if entry.model_platform != "tensorflow":
        return f'model {entry.name}: expected model_platform: "tensorflow", found "{entry.model_platform}"'
    if "://" in entry.base_path:
        return f"model {entry.name}: the embedded server reads local folders, found base_path {entry.base_path}"
    if not entry.base_path.startswith("/"):
        return f"Expected model {entry.name} to have an absolute path or URI; got base_path()={entry.base_path}"
    return None


def _on_this_machine(base_path: Path, export_dir: Path) -> Path:
    if base_path.is_relative_to(CONTAINER_ROOT) and not CONTAINER_ROOT.exists():
        return export_dir / base_path.relative_to(CONTAINER_ROOT)
    return base_path


def _block_lines(text: str) -> list[int]:
    """The line on which each `config {` begins."""
    code = [line.split("#")[0] for line in text.splitlines()]
    return [number for number, line in enumerate(code, 1) for _ in re.findall(r"\bconfig\s*:?\s*\{", line)]
