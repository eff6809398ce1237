"""Toy exports, made once, and a server over them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from tests.toy import export_toy
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.metrics import PATH
from tfkgrec.serving.server import ModelServer


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with versions 1 and 2 of the toy: not to be written to."""
    base = tmp_path_factory.mktemp("exports") / "toy"
    for version in (1, 2):
        export_toy(base, version)
    return base


@pytest.fixture
def publish(exports: Path, tmp_path: Path) -> Callable[..., Path]:
    """`publish(version, like=1)`: put a copy of an exported version into `tmp_path/toy`, whole in one step."""
    base = tmp_path / "toy"
    base.mkdir()

    def publish_version(version: int, like: int = 1) -> Path:
        aside = shutil.copytree(exports / str(like), tmp_path / f"aside-{version}")
        return aside.rename(base / str(version))

    publish_version.base = base
    return publish_version


@pytest.fixture(scope="session")
def server(exports: Path) -> Iterator[ModelServer]:
    """A server of `toy` (versions 1 and 2) and `other` (the latest), on a free port."""
    both = ModelConfig("toy", exports, labels={"stable": 1})
    both.policy.all.SetInParent()
    manager = ModelManager([both, ModelConfig("other", exports)])
    rest = RestOptions(port=0, metrics_path=PATH)
    with ModelServer(manager, port=0, poll_seconds=0, rest=rest) as running:
        yield running


@pytest.fixture(scope="session")
def channel(server: ModelServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as open_channel:
        yield open_channel


@pytest.fixture(scope="session")
def prediction(channel: grpc.Channel) -> prediction_service_pb2_grpc.PredictionServiceStub:
    """The stock stub of PredictionService."""
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="session")
def models(channel: grpc.Channel) -> model_service_pb2_grpc.ModelServiceStub:
    """The stock stub of ModelService."""
    return model_service_pb2_grpc.ModelServiceStub(channel)
