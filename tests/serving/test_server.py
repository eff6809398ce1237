"""The server as a process sees it: its port, its threads, its end."""

import threading

import grpc
import pytest
from tensorflow_serving.apis import prediction_service_pb2_grpc

from tests.serving.toy import request
from tfkgrec.errors import InputError
from tfkgrec.serving.manager import ModelManager
from tfkgrec.serving.model_config import ModelConfig
from tfkgrec.serving.servable import Servable
from tfkgrec.serving.server import ModelServer

PAIR = {"user_id": ["u1"], "item_id": ["i2"]}


def test_a_taken_port_is_one_line(server):
    with pytest.raises(InputError, match=f"--port {server.port}: expected a free port on 127.0.0.1"):
        ModelServer(ModelManager([]), port=server.port)


def test_stopping_answers_the_request_under_way_and_takes_no_new_one(publish):
    publish(1)
    started, proceed = threading.Event(), threading.Event()

    class Slow(Servable):
        def run(self, key, inputs, outputs):
            if live.is_set():
                started.set()
                proceed.wait(20)
            return super().run(key, inputs, outputs)

    live = threading.Event()  # the warm-up is not to wait
    server = ModelServer(ModelManager([ModelConfig("toy", publish.base)], Slow), port=0, poll_seconds=0)
    server.start()
    live.set()
    with grpc.insecure_channel(server.address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        under_way = stub.Predict.future(request(**PAIR), timeout=20)
        assert started.wait(20)
        stopping = threading.Thread(target=server.stop, daemon=True)
        stopping.start()
        with pytest.raises(grpc.RpcError):
            stub.Predict(request(**PAIR), timeout=1)
        assert stopping.is_alive()
        proceed.set()
        assert under_way.result().model_spec.version.value == 1
    stopping.join(20)
    assert not stopping.is_alive()
