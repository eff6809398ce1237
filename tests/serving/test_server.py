"""The server as a process sees it: its ports, its limits, its end."""

import http.client
import json
import threading
import time

import grpc
import pytest
from tensorflow_serving.apis import prediction_service_pb2_grpc

from tests.toy import request
from tfkgrec.errors import InputError
from tfkgrec.runtime.servable import Servable
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import GrpcOptions, ModelServer

PAIR = {"user_id": ["u1"], "item_id": ["i2"]}


def test_a_taken_port_is_one_line(server):
    with pytest.raises(InputError, match=f"--port {server.port}: expected a free port on 127.0.0.1"):
        ModelServer(ModelManager([]), port=server.port)


def test_a_taken_rest_port_is_one_line(server):
    port = int(server.rest_address.rpartition(":")[2])
    with pytest.raises(InputError, match=f"--rest_api_port {port}: expected a free port on 127.0.0.1"):
        ModelServer(ModelManager([]), port=0, rest=RestOptions(port=port))


class Gate(Servable):
    """A model whose runs wait, once `shut` is set, until `proceed` is."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.shut, self.started, self.proceed = threading.Event(), threading.Event(), threading.Event()
        Gate.last = self

    def run(self, key, inputs, outputs):
        if self.shut.is_set():
            self.started.set()
            self.proceed.wait(20)
        return super().run(key, inputs, outputs)


def predict(channel, **options):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request(**PAIR), **options)


def test_a_request_beyond_the_limit_is_refused_and_the_next_one_answered(publish):
    publish(1)
    options = GrpcOptions(max_request_bytes=1000)
    with ModelServer(ModelManager([ModelConfig("toy", publish.base)]), port=0, poll_seconds=0, grpc=options) as server:
        with grpc.insecure_channel(server.address) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            with pytest.raises(grpc.RpcError) as refused:
                stub.Predict(request(user_id=["x" * 2000], item_id=["i1"]), timeout=10)
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert predict(channel, timeout=10).model_spec.version.value == 1


def test_one_request_too_many_is_refused_and_one_whose_deadline_has_passed_is_not_run(publish):
    publish(1)
    manager = ModelManager([ModelConfig("toy", publish.base)], Gate)
    options = GrpcOptions(threads=1, max_requests=2)
    with ModelServer(manager, port=0, poll_seconds=0, grpc=options) as server:
        with grpc.insecure_channel(server.address) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            runs = count_runs(Gate.last)
            Gate.last.shut.set()
            running = stub.Predict.future(request(**PAIR), timeout=20)
            assert Gate.last.started.wait(20)
            waiting = stub.Predict.future(request(**PAIR), timeout=0.2)
            assert waiting.exception().code() is grpc.StatusCode.DEADLINE_EXCEEDED
            time.sleep(0.1)
            waiting = stub.Predict.future(request(**PAIR), timeout=20)
            codes = {stub.Predict.future(request(**PAIR), timeout=20).exception(20).code() for _ in range(3)}
            assert codes == {grpc.StatusCode.RESOURCE_EXHAUSTED}
            Gate.last.proceed.set()
            assert running.result().model_spec.version.value == 1
            if waiting.exception(20) is None:
                assert waiting.result().model_spec.version.value == 1
            assert len(runs) <= 2


def count_runs(servable):
    runs, run = [], servable.run

    def counted(*arguments):
        runs.append(arguments)
        return run(*arguments)

    servable.run = counted
    return runs


def test_a_unix_socket_answers_too(publish, tmp_path):
    publish(1)
    options = GrpcOptions(socket_path=tmp_path / "s")
    with ModelServer(ModelManager([ModelConfig("toy", publish.base)]), port=0, poll_seconds=0, grpc=options):
        with grpc.insecure_channel(f"unix:{tmp_path / 's'}") as channel:
            assert predict(channel, timeout=10).model_spec.version.value == 1


def test_stopping_answers_the_rest_request_under_way(publish):
    publish(1)
    manager = ModelManager([ModelConfig("toy", publish.base)], Gate)
    server = ModelServer(manager, port=0, poll_seconds=0, rest=RestOptions(port=0))
    server.start()
    Gate.last.shut.set()
    connection = http.client.HTTPConnection(server.rest_address, timeout=20)
    connection.request("POST", "/v1/models/toy:predict", json.dumps({"inputs": PAIR}))
    assert Gate.last.started.wait(20)
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    time.sleep(0.2)
    assert stopping.is_alive()
    with pytest.raises(OSError):
        http.client.HTTPConnection(server.rest_address, timeout=5).request("GET", "/v1/models/toy")
    Gate.last.proceed.set()
    assert connection.getresponse().status == 200
    connection.close()
    stopping.join(20)
    assert not stopping.is_alive()


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
