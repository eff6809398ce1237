"""Metadata, status, labels and the config that is sent to a running server; health."""

import time

import grpc
import pytest
from google.protobuf import text_format
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_management_pb2

from tests.serving.conformance.repository import CONFIG
from tests.toy import request

AVAILABLE = get_model_status_pb2.ModelVersionStatus.AVAILABLE
SIGNATURES = {"serving_default", "recommend", "recommend_for_history", "explain", "classify", "regress"}
SIGNATURES |= {"rank", "similar", "recommend_filtered", "recommend_filtered_for_history"}


def status_of(models, name, version=None):
    message = get_model_status_pb2.GetModelStatusRequest()
    message.model_spec.name = name
    if version is not None:
        message.model_spec.version.value = version
    found = models.GetModelStatus(message, timeout=20).model_version_status
    return {one.version: (one.state, one.status.error_code) for one in found}


def test_status_of_all_versions_and_of_one(models):
    assert status_of(models, "toy") == {1: (AVAILABLE, 0), 2: (AVAILABLE, 0)}
    assert status_of(models, "toy", 1) == {1: (AVAILABLE, 0)}
    assert status_of(models, "latest") == {2: (AVAILABLE, 0)}


def test_metadata_has_the_signatures(prediction):
    message = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    message.model_spec.name = "toy"
    reply = prediction.GetModelMetadata(message, timeout=20)
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("toy", 2)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert reply.metadata["signature_def"].Unpack(signatures)
    shown = {name: sig for name, sig in signatures.signature_def.items() if not name.startswith("__")}
    assert shown.keys() == SIGNATURES
    assert shown["classify"].method_name == "tensorflow/serving/classify"
    assert shown["recommend"].inputs["user_id"].dtype == types_pb2.DT_STRING
    assert [dim.size for dim in shown["recommend"].outputs["score"].tensor_shape.dim] == [-1, 4]


def reload(models, text):
    message = model_management_pb2.ReloadConfigRequest()
    text_format.Parse(text, message.config)
    return models.HandleReloadConfigRequest(message, timeout=60).status


def version_of(prediction, label):
    message = request(user_id=["u1"], item_id=["i1"])
    message.model_spec.version_label = label
    return prediction.Predict(message, timeout=20).model_spec.version.value


@pytest.fixture
def reloadable(models):
    """Whether the target lets its config be changed; it gets its own back at the end."""
    try:
        status = reload(models, CONFIG)
    except grpc.RpcError as error:
        pytest.skip(f"the target refuses a new config: {error.code().name} {error.details()}")
    if status.error_code:
        pytest.skip(f"the target does not take its own config: {status.error_message}")
    yield
    reload(models, CONFIG)


def test_labels_move_with_a_new_config(models, prediction, reloadable):
    assert version_of(prediction, "stable") == 1
    moved = CONFIG.replace('key: "stable" value: 1', 'key: "stable" value: 2')
    assert reload(models, moved).error_code == 0
    assert version_of(prediction, "stable") == 2
    both = moved.replace("model_version_policy", 'version_labels { key: "old" value: 1 } model_version_policy')
    assert reload(models, both).error_code == 0
    assert (version_of(prediction, "old"), version_of(prediction, "stable")) == (1, 2)


def test_models_come_and_go_with_a_new_config(models, prediction, reloadable):
    added = CONFIG.replace(
        'config { name: "steps"',
        'config { name: "third" base_path: "/models/toy" model_platform: "tensorflow" '
        'model_version_policy { specific { versions: 1 } } }\n  config { name: "steps"',
    )
    assert reload(models, added).error_code == 0
    pair = {"user_id": ["u1"], "item_id": ["i1"]}
    assert prediction.Predict(request("third", **pair), timeout=20).model_spec.version.value == 1
    assert reload(models, CONFIG).error_code == 0
    ends = time.monotonic() + 20
    while time.monotonic() < ends:  # the official server unloads behind the reply
        try:
            prediction.Predict(request("third", **pair), timeout=20)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.NOT_FOUND
            return
        time.sleep(0.1)
    pytest.fail("a model that the config no longer names is still served")


def test_a_config_that_is_none_changes_nothing(models, prediction, reloadable):
    twice = CONFIG.replace('name: "latest"', 'name: "toy"')
    try:
        refused = reload(models, twice).error_code != 0
    except grpc.RpcError as error:
        refused = error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused
    assert version_of(prediction, "stable") == 1
    assert prediction.Predict(request("latest", user_id=["u1"], item_id=["i1"]), timeout=20).outputs


def test_health(channel, target):
    stub = health_pb2_grpc.HealthStub(channel)
    try:
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=20)
    except grpc.RpcError as error:
        if target.embedded or error.code() is not grpc.StatusCode.UNIMPLEMENTED:
            raise
        pytest.skip("the target has no gRPC health: tensorflow_model_server takes --enable_grpc_healthcheck_service")
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
