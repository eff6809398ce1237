"""A server that answers Predict as it is told to: status codes, pauses, bytes. No model, no TensorFlow."""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager

import grpc

from tfkgrec.client.tensors import to_proto
from tfkgrec.protos import messages

Answer = Callable[[bytes, grpc.ServicerContext], bytes]


def probabilities(*values: float, version: int = 1) -> bytes:
    """A reply of `serving_default`."""
    reply = messages.PredictResponse()
    reply.model_spec.version.value = version
    to_proto([float(value) for value in values], reply.outputs["probability"])
    return reply.SerializeToString()


class Script:
    """Answers each call with the next step, the last one for ever: a status code to fail with, or a reply."""

    def __init__(self, *steps: grpc.StatusCode | bytes):
        self.steps, self.calls, self._lock = steps, 0, threading.Lock()

    def __call__(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        with self._lock:
            step = self.steps[min(self.calls, len(self.steps) - 1)]
            self.calls += 1
        if isinstance(step, bytes):
            return step
        context.abort(step, f"as told, {step.name}")


@contextmanager
def fake_server(answer: Answer, port: int = 0, credentials: grpc.ServerCredentials | None = None) -> Iterator[str]:
    """The address of a server that answers every Predict and GetModelMetadata with `answer`."""

    class Every(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((Every(),))
    address = f"127.0.0.1:{port}"
    bound = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    try:
        yield f"localhost:{bound}" if credentials else f"127.0.0.1:{bound}"
    finally:
        server.stop(None).wait()
