"""Other models, policies and labels while the server runs: HandleReloadConfigRequest and the watched config file."""

import shutil
import time

import grpc
import pytest
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc, prediction_service_pb2_grpc
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, ModelVersionStatus

from tests.toy import request
from tfkgrec.serving.lifecycle.config_watch import ConfigWatch
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer

PAIR = {"user_id": ["u1"], "item_id": ["i2"]}
AVAILABLE, END = ModelVersionStatus.AVAILABLE, ModelVersionStatus.END


class Running:
    """A server of `toy` (version 1 and, by policy, the latest only) with its stubs."""

    def __init__(self, publish, **options):
        publish(1)
        self.publish = publish
        self.manager = ModelManager([ModelConfig("toy", publish.base)], **options)
        self.server = ModelServer(self.manager, port=0, poll_seconds=0)
        self.server.start()
        self.channel = grpc.insecure_channel(self.server.address)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)

    def reload(self, *entries):
        message = model_management_pb2.ReloadConfigRequest()
        message.config.model_config_list.SetInParent()
        for entry in entries:
            text = f'name: "toy" base_path: "{self.publish.base}" model_platform: "tensorflow" {entry}'
            added = message.config.model_config_list.config.add()
            if entry.startswith("name:"):
                text = entry
            text_format.Parse(text, added)
        return self.models.HandleReloadConfigRequest(message, timeout=60)

    def states(self, name="toy"):
        message = GetModelStatusRequest()
        message.model_spec.name = name
        reply = self.models.GetModelStatus(message, timeout=10)
        return {status.version: status.state for status in reply.model_version_status}

    def answering(self, model="toy", label=""):
        message = request(model, **PAIR)
        if label:
            message.model_spec.version_label = label
        return self.prediction.Predict(message, timeout=10).model_spec.version.value


@pytest.fixture
def running(publish):
    made = Running(publish)
    yield made
    made.channel.close()
    made.server.stop()


ALL = "model_version_policy { all {} }"


def test_the_policy_may_change_to_all_to_some_and_back(running):
    running.publish(2, like=2)
    running.publish(3)
    running.reload(ALL)
    assert running.states() == {3: AVAILABLE, 2: AVAILABLE, 1: AVAILABLE}
    running.reload("model_version_policy { latest { num_versions: 2 } }")
    assert running.states() == {3: AVAILABLE, 2: AVAILABLE, 1: END}
    running.reload("model_version_policy { specific { versions: 1 versions: 3 } }")
    assert running.states() == {3: AVAILABLE, 2: END, 1: AVAILABLE}
    reply = running.reload("")
    assert running.states() == {3: AVAILABLE, 2: END, 1: END}
    assert (reply.status.error_code, reply.status.error_message) == (0, "")


def test_models_come_and_go(running, publish, tmp_path):
    other = shutil.copytree(publish.base, tmp_path / "other")
    entry = f'name: "other" base_path: "{other}" model_platform: "tensorflow"'
    running.reload("", entry)
    assert (running.answering(), running.answering("other")) == (1, 1)
    running.reload(entry)
    assert running.answering("other") == 1
    with pytest.raises(grpc.RpcError) as gone:
        running.answering()
    assert gone.value.details() == "Servable not found for request: Latest(toy)"
    assert running.states() == {1: END}
    running.reload("", entry)
    assert running.answering() == 1


def test_a_label_may_name_only_what_is_loaded(running):
    running.publish(2, like=2)
    labelled = ALL + ' version_labels { key: "stable" value: 1 } version_labels { key: "canary" value: 2 }'
    with pytest.raises(grpc.RpcError) as refused:
        running.reload(labelled)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.details() == (
        "Request to assign label to version 2 of model toy, which is not currently available for inference"
    )
    assert running.states() == {1: AVAILABLE}  # nothing has changed
    running.reload(ALL)
    running.reload(labelled)
    assert (running.answering(label="stable"), running.answering(label="canary")) == (1, 2)
    running.reload(ALL + ' version_labels { key: "stable" value: 2 }')
    assert running.answering(label="stable") == 2
    running.reload("")
    assert running.states() == {2: AVAILABLE, 1: END}
    with pytest.raises(grpc.RpcError, match="version 1 of model toy, which is not currently available"):
        running.reload('version_labels { key: "stable" value: 1 }')  # it was there once


def test_labels_of_what_is_not_loaded_are_taken_where_that_is_allowed(publish):
    made = Running(publish, allow_unavailable_labels=True)
    made.publish(2, like=2)
    made.reload(ALL + ' version_labels { key: "canary" value: 2 }')
    assert made.answering(label="canary") == 2
    made.channel.close()
    made.server.stop()


def test_a_model_that_does_not_become_available_is_reported_and_the_others_go_on(running, tmp_path):
    bad = tmp_path / "bad"
    (bad / "7").mkdir(parents=True)
    (bad / "7" / "saved_model.pb").write_bytes(b"\x00nonsense")
    with pytest.raises(grpc.RpcError) as refused:
        running.reload("", f'name: "bad" base_path: "{bad}" model_platform: "tensorflow"')
    assert refused.value.code() is grpc.StatusCode.UNKNOWN
    assert refused.value.details().startswith(
        "1 servable(s) did not become available: {{{name: bad version: 7} due to error: "
    )
    assert running.answering() == 1
    assert running.states("bad") == {7: END}


def test_a_model_whose_folder_moves_is_served_from_the_old_one_until_the_new_one_answers(running, publish, tmp_path):
    moved = shutil.copytree(publish.base, tmp_path / "moved")
    (moved / "1").rename(moved / "5")
    entry = 'name: "toy" base_path: "{}" model_platform: "tensorflow"'
    with pytest.raises(grpc.RpcError) as refused:
        running.reload(entry.format(tmp_path / "nowhere"))
    assert refused.value.code() is grpc.StatusCode.UNKNOWN
    assert running.answering() == 1
    running.reload(entry.format(moved))
    assert running.answering() == 5


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (["", ""], "Illegal to list model toy multiple times in config list"),
        (['name: "x" base_path: "relative" model_platform: "tensorflow"'], "Expected model x to have an absolute path"),
    ],
)
def test_a_config_that_tf_serving_would_refuse_is_refused(running, entries, text):
    with pytest.raises(grpc.RpcError) as refused:
        running.reload(*entries)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details().startswith(text)
    assert running.answering() == 1


def test_only_a_list_of_models_can_be_taken_over(running):
    with pytest.raises(grpc.RpcError) as refused:
        running.models.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(), timeout=10)
    assert refused.value.details() == (
        "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
    )


def test_the_config_file_is_taken_over_when_it_changes_and_a_bad_one_is_not(running, publish, tmp_path, caplog):
    file = tmp_path / "models.config"
    entry = 'model_config_list {{ config {{ name: "{}" base_path: "{}" model_platform: "tensorflow" }} }}'
    file.write_text(entry.format("toy", publish.base))
    with ConfigWatch(running.manager, file, tmp_path, 0.05):
        file.write_text("model_config_list { nonsense }")
        until(lambda: any("not taken over" in record.message for record in caplog.records))
        assert running.answering() == 1
        file.write_text(entry.format("renamed", publish.base))
        until(lambda: running.manager.names == ["renamed"])
        assert running.answering("renamed") == 1


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
