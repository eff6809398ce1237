"""gRPC's standard health service: SERVING while every model has a version that answers, NOT_SERVING from SIGTERM on."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow_serving.apis import model_service_pb2, prediction_service_pb2

from tfkgrec.serving.lifecycle.manager import Observer

SERVICES = tuple(
    service.full_name
    for module in (prediction_service_pb2, model_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
)
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


class Health(Observer):
    """The health of the whole server (service "") and of its two services."""

    def __init__(self, server: grpc.Server):
        # Watchers wait in a thread of their own, not in those that answer requests.
        self._watchers = ThreadPoolExecutor(1, thread_name_prefix="health")
        self._servicer = health.HealthServicer(experimental_non_blocking=True, experimental_thread_pool=self._watchers)
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        self.polled(ready=False)

    def polled(self, ready: bool) -> None:
        """Tell those who ask."""
        for service in ("", *SERVICES):
            self._servicer.set(service, SERVING if ready else NOT_SERVING)

    def draining(self) -> None:
        """No more requests, please; final."""
        self._servicer.enter_graceful_shutdown()

    def close(self) -> None:
        """Nobody watches any more."""
        self._watchers.shutdown(wait=False)
