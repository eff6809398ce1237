"""GetModelMetadata and GetModelStatus over gRPC."""

import grpc
import pytest
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2
from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND


def metadata_request(*fields, **spec):
    message = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    for name, value in spec.items():
        if name == "version":
            message.model_spec.version.value = value
        else:
            setattr(message.model_spec, name, value)
    return message


def status_request(name, version=None):
    message = get_model_status_pb2.GetModelStatusRequest()
    message.model_spec.name = name
    if version is not None:
        message.model_spec.version.value = version
    return message


def test_metadata_lists_the_signatures(prediction):
    reply = prediction.GetModelMetadata(metadata_request("signature_def", name="toy"), timeout=10)
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("toy", 2)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert reply.metadata["signature_def"].Unpack(signatures)
    shown = {name for name in signatures.signature_def if not name.startswith("__")}
    newer = {"rank", "similar", "recommend_filtered", "recommend_filtered_for_history"}
    assert shown - newer == {"serving_default", "recommend", "recommend_for_history", "explain", "classify", "regress"}
    assert newer <= shown
    assert set(signatures.signature_def["recommend"].outputs) == {"item_id", "item_name", "score", "known_user"}


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        (metadata_request("signature_def"), INVALID, "Missing ModelSpec"),
        (metadata_request(name="toy"), INVALID, "GetModelMetadataRequest must specify at least one metadata_field"),
        (metadata_request("X", name="toy"), INVALID, "Metadata field X is not supported"),
        (metadata_request("signature_def", name="nope"), NOT_FOUND, "Servable not found for request: Latest(nope)"),
        (
            metadata_request("signature_def", name="toy", version=99),
            NOT_FOUND,
            "Servable not found for request: Specific(toy, 99)",
        ),
    ],
)
def test_metadata_refusals(prediction, message, code, text):
    with pytest.raises(grpc.RpcError) as refused:
        prediction.GetModelMetadata(message, timeout=10)
    assert (refused.value.code(), refused.value.details()) == (code, text)


def test_status_of_all_versions_newest_first_and_of_one(models):
    versions = models.GetModelStatus(status_request("toy"), timeout=10).model_version_status
    assert [(v.version, v.state, v.status.error_code) for v in versions] == [
        (2, ModelVersionStatus.AVAILABLE, 0),
        (1, ModelVersionStatus.AVAILABLE, 0),
    ]
    one = models.GetModelStatus(status_request("toy", 1), timeout=10).model_version_status
    assert [v.version for v in one] == [1]
    latest_only = models.GetModelStatus(status_request("other"), timeout=10).model_version_status
    assert [v.version for v in latest_only] == [2]


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        (get_model_status_pb2.GetModelStatusRequest(), INVALID, "Missing ModelSpec"),
        (status_request("nope"), NOT_FOUND, "Could not find any versions of model nope"),
        (status_request("toy", 99), NOT_FOUND, "Could not find version 99 of model toy"),
    ],
)
def test_status_refusals(models, message, code, text):
    with pytest.raises(grpc.RpcError) as refused:
        models.GetModelStatus(message, timeout=10)
    assert (refused.value.code(), refused.value.details()) == (code, text)
