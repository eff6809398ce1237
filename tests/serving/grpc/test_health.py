"""gRPC health and reflection, as probes and grpcurl ask."""

import threading

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tfkgrec.serving.grpc.health import SERVICES
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def health(channel, service=""):
    stub = health_pb2_grpc.HealthStub(channel)
    return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_a_server_with_its_models_serves(channel, service):
    assert health(channel, service) == SERVING


def test_an_unknown_service_is_not_found(channel):
    with pytest.raises(grpc.RpcError) as refused:
        health(channel, "nope")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_model_without_a_version_is_not_serving_until_it_has_one(publish, tmp_path):
    manager = ModelManager([ModelConfig("toy", publish.base)])
    with ModelServer(manager, port=0, poll_seconds=0) as server, grpc.insecure_channel(server.address) as channel:
        assert health(channel) == NOT_SERVING
        publish(1)
        manager.poll()
        assert health(channel) == SERVING


def test_a_watcher_learns_of_the_drain(publish):
    publish(1)
    server = ModelServer(ModelManager([ModelConfig("toy", publish.base)]), port=0, poll_seconds=0, drain_seconds=60)
    server.start()
    with grpc.insecure_channel(server.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=30)
        assert next(watch).status == SERVING
        stopping = threading.Thread(target=server.stop, daemon=True)
        stopping.start()
        assert next(watch).status == NOT_SERVING
        stopping.join(10)  # it does not wait for the watcher
        assert not stopping.is_alive()


def test_reflection_lists_the_services_and_their_messages(channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    assert {*SERVICES, "grpc.health.v1.Health"} <= set(database.get_services())
    file = database.FindFileContainingSymbol("tensorflow.serving.PredictionService")
    (service,) = file.service
    assert {method.name for method in service.method} >= {"Predict", "Classify", "Regress", "MultiInference"}
