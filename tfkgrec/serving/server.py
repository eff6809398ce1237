"""The embedded server: TF Serving's gRPC and REST APIs in this process, for development, tests, small deployments."""

import os
import threading
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_reflection.v1alpha import reflection
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from tfkgrec.errors import InputError
from tfkgrec.serving.api import Api
from tfkgrec.serving.grpc.health import SERVICES, Health
from tfkgrec.serving.grpc.parse_requests import ParseRequests
from tfkgrec.serving.grpc.services import InFlight, ModelService, PredictionService
from tfkgrec.serving.http.rest import RestOptions, RestServer
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.metrics import Metrics

MAX_REQUEST_BYTES = 64 << 20
MAX_REQUESTS = 256


@dataclass(frozen=True)
class GrpcOptions:
    """How the gRPC door is made.

    Attributes:
        threads: requests answered at the same time; None: TF Serving's four for every processor.
        socket_path: listen on this UNIX socket too.
        credentials: of tls.py; None: plain text.
        max_request_bytes: a larger request ends with RESOURCE_EXHAUSTED.
        max_requests: in the server at once, waiting ones included; the next one ends with RESOURCE_EXHAUSTED.
    """

    threads: int | None = None
    socket_path: Path | None = None
    credentials: grpc.ServerCredentials | None = None
    max_request_bytes: int = MAX_REQUEST_BYTES
    max_requests: int = MAX_REQUESTS


@dataclass(frozen=True)
class ServerOptions:
    """What a server needs to know beside its models.

    Attributes:
        host: address to listen on; the default is reached from this machine only.
        port: of gRPC; 0 takes a free one.
        poll_seconds: how often to look for new versions.
        drain_seconds: how long `stop` waits for requests under way.
        export_dir: stands for `/models` in configs that are sent.
        grpc, rest: the two doors; no `rest`, no REST.
    """

    host: str = "127.0.0.1"
    port: int = 8500
    poll_seconds: float = 1.0
    drain_seconds: float = 30.0
    export_dir: Path = Path("export")
    grpc: GrpcOptions = field(default_factory=GrpcOptions)
    rest: RestOptions | None = None


class ModelServer:
    """A server over `manager`. In a `with`, it is started with its models loaded, and drained at the end.

    Attributes:
        address, port: of gRPC.
        rest_address: of REST, "" without it.

    Raises:
        InputError: a port is taken.
    """

    def __init__(self, manager: ModelManager, options: ServerOptions | None = None, **changes: object):
        """`changes` to `options`, such as `port=0`."""
        options = ServerOptions(**{**vars(options or ServerOptions()), **changes})
        self.manager = manager
        self._options = options
        metrics = Metrics()
        api = Api(manager, metrics, options.export_dir)
        self._in_flight = InFlight()
        self._server = _grpc_server(api, self._in_flight, options.grpc)
        self._health = Health(self._server)
        for observer in (metrics, self._health):
            manager.tell(observer)
        self.port = _listen(self._server, options)
        self.address = f"{options.host}:{self.port}"
        self._rest: RestServer | None = None
        self.rest_address = ""
        if options.rest:
            self._rest = RestServer(api, metrics.page, options.host, options.rest, options.drain_seconds)
            self.rest_address = f"{options.host}:{self._rest.port}"

    def start(self) -> None:
        """Load the models, then answer."""
        self.manager.start(self._options.poll_seconds)
        self._server.start()
        if self._rest:
            self._rest.start()

    def stop(self) -> None:
        """Take no new request, finish those under way, close the models."""
        self._health.draining()
        rest = threading.Thread(target=self._rest.stop) if self._rest else None
        if rest:
            rest.start()
        self._drain()
        if rest:
            rest.join()
        self._health.close()
        self.manager.stop()

    def _drain(self) -> None:
        """End gRPC when the last request has been answered, even if somebody goes on watching the health."""
        done = self._server.stop(self._options.drain_seconds)
        quiet = 0
        while not done.wait(0.1):
            quiet = 0 if self._in_flight.count else quiet + 1
            if quiet == 5:  # half a second: the last reply has left
                self._server.stop(0)

    def __enter__(self) -> "ModelServer":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def _grpc_server(api: Api, in_flight: InFlight, options: GrpcOptions) -> grpc.Server:
    server = grpc.server(
        futures.ThreadPoolExecutor(options.threads or 4 * (os.cpu_count() or 1), thread_name_prefix="grpc"),
        options=[
            ("grpc.so_reuseport", 0),  # a taken port is an error, not a second server beside the first
            ("grpc.max_receive_message_length", options.max_request_bytes),
            ("grpc.max_send_message_length", -1),
        ],
        interceptors=[ParseRequests()],
        maximum_concurrent_rpcs=options.max_requests,
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(api, in_flight), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(api, in_flight), server)
    reflection.enable_server_reflection((*SERVICES, "grpc.health.v1.Health", reflection.SERVICE_NAME), server)
    return server


def _listen(server: grpc.Server, options: ServerOptions) -> int:
    """Take the port, and the socket if there is to be one; the port."""
    addresses = [f"{options.host}:{options.port}"]
    if options.grpc.socket_path:
        addresses.append(f"unix:{options.grpc.socket_path}")
    ports: list[int] = []
    for address in addresses:
        try:
            if options.grpc.credentials:
                ports.append(server.add_secure_port(address, options.grpc.credentials))
            else:
                ports.append(server.add_insecure_port(address))
        except RuntimeError:
            what = f"--port {options.port}: expected a free port on {options.host}, found it taken or not allowed"
            if ports:
                what = f"--grpc_socket_path {options.grpc.socket_path}: expected a socket that can be made, found none"
            raise InputError(what) from None
    return ports[0]
