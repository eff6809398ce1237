"""The server under test: the one that --target names, or the embedded one in a process of its own."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from tests.serving.conformance.repository import write_repository
from tfkgrec.serving.child import child_server

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Target:
    """Where the server answers.

    Attributes:
        grpc, rest: host:port; `rest` is None where --rest-target was not given.
        embedded: it is ours, so everything has to be there.
    """

    grpc: str
    rest: str | None
    embedded: bool


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --target only what asks that server is run; pytest reports the rest as deselected."""
    if config.getoption("--target"):
        inside = [item for item in items if HERE in item.path.parents]
        config.hook.pytest_deselected(items=[item for item in items if item not in inside])
        items[:] = inside


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    given, rest = request.config.getoption("--target"), request.config.getoption("--rest-target")
    if given:
        _require_repository(given)
        yield Target(given, rest, embedded=False)
        return
    repository = write_repository(tmp_path_factory.mktemp("conformance"), request.getfixturevalue("exports"))
    flags = [f"--model_config_file={repository}/models.config", f"--export-dir={repository}", "--rest_api_port=free"]
    flags += ["--allow_version_labels_for_unavailable_models=true"]
    flags += [f"--monitoring_config_file={ROOT}/serving/monitoring.config"]
    with child_server(*flags) as server:
        assert server.rest_address
        yield Target(server.address, server.rest_address, embedded=True)
        assert server.process.poll() is None, "the server is gone"
    assert server.process.returncode == 0


def _require_repository(address: str) -> None:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "steps"
    with grpc.insecure_channel(address) as channel:
        try:
            model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=20, wait_for_ready=True)
        except grpc.RpcError as error:
            pytest.exit(
                f"--target {address}: expected a server of the conformance models, found {error.code().name}: "
                "write them with `python -m tests.serving.conformance.repository DIR` and serve DIR/models.config",
                returncode=2,
            )


@pytest.fixture(scope="session")
def channel(target: Target) -> Iterator[grpc.Channel]:
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(target.grpc, options) as open_channel:
        yield open_channel


@pytest.fixture(scope="session")
def prediction(channel: grpc.Channel) -> prediction_service_pb2_grpc.PredictionServiceStub:
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="session")
def models(channel: grpc.Channel) -> model_service_pb2_grpc.ModelServiceStub:
    return model_service_pb2_grpc.ModelServiceStub(channel)


@pytest.fixture(scope="session")
def rest(target: Target) -> Callable[..., tuple[int, Any]]:
    """`rest(method, path, body=None)`: status and JSON, or text where the reply is none."""
    if target.rest is None:
        pytest.skip("REST of the target not asked: give --rest-target HOST:PORT")

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(target.rest, timeout=20)
        try:
            sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, sent)
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        try:
            return reply.status, json.loads(text)
        except ValueError:
            return reply.status, text

    return ask


@pytest.fixture
def refused() -> Callable[..., tuple[grpc.StatusCode, str]]:
    """`refused(call, request)`: the code and the text that the server refuses `request` with."""

    def ask(call: Callable[..., Any], request: Any) -> tuple[grpc.StatusCode, str]:
        with pytest.raises(grpc.RpcError) as error:
            call(request, timeout=20)
        return error.value.code(), error.value.details()

    return ask
