"""The embedded server: TF Serving's gRPC API in this process, for development, tests and small deployments."""

import os
from concurrent import futures

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from tfkgrec.errors import InputError
from tfkgrec.serving.manager import ModelManager
from tfkgrec.serving.services import ModelService, PredictionService

MAX_REQUEST_BYTES = 64 << 20


class ModelServer:
    """A gRPC server over `manager`. In a `with`, it is started with its models loaded, and drained at the end.

    Args:
        manager: what to serve.
        host: address to listen on; the default is reached from this machine only.
        port: 0 takes a free one; `server.port` tells which.
        threads: requests answered at the same time; the default is TF Serving's four for every processor.
        poll_seconds: how often to look for new versions.
        drain_seconds: how long `stop` waits for requests under way.

    Raises:
        InputError: the port is taken.
    """

    def __init__(
        self,
        manager: ModelManager,
        *,
        host: str = "127.0.0.1",
        port: int = 8500,
        threads: int | None = None,
        poll_seconds: float = 1.0,
        drain_seconds: float = 30.0,
    ):
        self.manager = manager
        self._poll_seconds = poll_seconds
        self._drain_seconds = drain_seconds
        self._server = grpc.server(
            futures.ThreadPoolExecutor(threads or 4 * (os.cpu_count() or 1), thread_name_prefix="grpc"),
            options=[
                ("grpc.so_reuseport", 0),  # a taken port is an error, not a second server beside the first
                ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
                ("grpc.max_send_message_length", -1),
            ],
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(manager), self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(manager), self._server)
        try:
            self.port = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError:
            raise InputError(f"--port {port}: expected a free port on {host}, found it taken or not allowed") from None
        self.address = f"{host}:{self.port}"

    def start(self) -> None:
        """Load the models, then answer."""
        self.manager.start(self._poll_seconds)
        self._server.start()

    def stop(self) -> None:
        """Take no new request, finish those under way, close the models."""
        self._server.stop(self._drain_seconds).wait()
        self.manager.stop()

    def __enter__(self) -> "ModelServer":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
