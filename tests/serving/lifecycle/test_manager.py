"""Loading, swapping, refusing and reporting versions."""

import http.client
import json
import shutil
import threading
import time

import grpc
import keras
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_service_pb2_grpc
from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tests.toy import request
from tfkgrec.runtime import warmup
from tfkgrec.runtime.predict import predict
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.status import ServingError
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer

TOY = ModelSpec(name="toy")
PAIR = {"user_id": ["u1"], "item_id": ["i2"]}
AVAILABLE, LOADING, END = ModelVersionStatus.AVAILABLE, ModelVersionStatus.LOADING, ModelVersionStatus.END


def states(manager):
    return {status.version: status.state for status in manager.status(TOY)}


def answering_version(manager):
    with manager.using(TOY) as servable:
        return predict(servable, request(**PAIR)).model_spec.version.value


@pytest.fixture
def manager(publish):
    made = ModelManager([ModelConfig("toy", publish.base)])
    yield made
    made.stop()


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def test_a_new_version_takes_over_under_load_without_a_failed_request(publish):
    publish(1)
    manager = ModelManager([ModelConfig("toy", publish.base)])
    answered, failed, stop = [], [], threading.Event()
    with ModelServer(manager, port=0, poll_seconds=0.05, rest=RestOptions(port=0)) as server:

        def ask_rest():
            connection = http.client.HTTPConnection(server.rest_address, timeout=20)
            while not stop.is_set():
                connection.request("POST", "/v1/models/toy:predict", json.dumps({"inputs": PAIR}))
                reply = connection.getresponse()
                if b"outputs" not in reply.read():
                    failed.append(reply.status)
            connection.close()

        def ask():
            with grpc.insecure_channel(server.address) as channel:
                stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
                while not stop.is_set():
                    try:
                        answered.append(stub.Predict(request(**PAIR), timeout=20).model_spec.version.value)
                    except grpc.RpcError as error:
                        failed.append(error)

        callers = [threading.Thread(target=call, daemon=True) for call in (ask, ask, ask, ask, ask_rest)]
        for caller in callers:
            caller.start()
        until(lambda: len(answered) > 50)
        publish(2, like=2)
        until(lambda: states(manager) == {2: AVAILABLE, 1: END})
        so_far = len(answered)
        until(lambda: len(answered) > so_far + 50)
        stop.set()
        for caller in callers:
            caller.join()
    assert not failed
    assert set(answered) == {1, 2}
    assert answered[so_far:].count(1) <= 4  # of each caller one, which was on its way


def test_the_old_version_stays_open_for_the_request_that_holds_it(publish, manager):
    publish(1)
    manager.poll()
    with manager.using(TOY) as held:
        publish(2)
        manager.poll()
        assert states(manager) == {2: AVAILABLE, 1: ModelVersionStatus.UNLOADING}
        assert predict(held, request(**PAIR)).model_spec.version.value == 1
        assert answering_version(manager) == 2
    assert states(manager) == {2: AVAILABLE, 1: END}


def test_a_corrupt_version_is_reported_and_tried_again_once_repaired(publish, manager, exports):
    publish(1)
    manager.poll()
    bad = publish(3)
    (data,) = (bad / "variables").glob("variables.data*")
    data.write_bytes(data.read_bytes()[:-20])
    manager.poll()
    report = manager.status(TOY)[0]
    assert (report.version, report.state) == (3, END)
    assert report.status.error_code == grpc.StatusCode.OUT_OF_RANGE.value[0]
    assert report.status.error_message.startswith("Read less bytes than requested")
    assert answering_version(manager) == 1

    before = manager._models["toy"].versions[3]
    manager.poll()
    assert manager._models["toy"].versions[3] is before  # not tried again while nothing has changed
    shutil.copy(exports / "1" / "variables" / data.name, data)
    manager.poll()
    assert states(manager) == {3: AVAILABLE, 1: END}


@pytest.mark.parametrize("content", [None, b"", b"\x00not a SavedModel"])
def test_a_folder_without_a_saved_model_is_reported(publish, manager, content):
    publish(1)
    (publish.base / "2").mkdir()
    if content is not None:
        (publish.base / "2" / "saved_model.pb").write_bytes(content)
    manager.poll()
    manager.poll()
    report = manager.status(TOY)[0]
    assert (report.version, report.state) == (2, END)
    assert report.status.error_code and report.status.error_message


def test_a_model_that_only_python_can_restore_is_refused(publish, manager):
    """Trap T2: tf.saved_model.save of a module that holds a Keras 3 model. TF Serving's loader cannot restore it."""
    publish(1)
    manager.poll()
    module = tf.Module()
    layers = [keras.layers.Embedding(5, 2), keras.layers.Dense(1, name="dense")]
    module.model = keras.Sequential(layers, name="sequential")
    module.model(tf.constant([[1]]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="item_id")])
    def score(item_id):
        return {"probability": module.model(item_id)}

    path = str(publish.base / "2")
    tf.saved_model.save(module, path, signatures={"serving_default": score})
    assert tf.saved_model.load(path).signatures["serving_default"](item_id=tf.constant([1]))  # Python is content
    manager.poll()
    report = manager.status(TOY)[0]
    assert (report.version, report.state) == (2, END)
    assert report.status.error_code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert report.status.error_message.startswith("Could not find variable sequential/dense/bias: 3 of 3 variables")
    assert answering_version(manager) == 1


def test_warmup_is_replayed_before_the_version_is_available(publish, manager, monkeypatch):
    publish(1)
    replayed = []

    def watched(servable, message):
        replayed.append((message.model_spec.signature_name, states(manager)[1]))
        return predict(servable, message)

    monkeypatch.setattr(warmup, "predict", watched)
    manager.poll()
    assert replayed == [("", LOADING), ("recommend", LOADING)]
    assert states(manager) == {1: AVAILABLE}


def test_a_version_that_fails_its_warmup_does_not_go_live(publish, manager):
    publish(1)
    manager.poll()
    aside = publish.base.parent / "aside"
    shutil.copytree(publish.base / "1", aside)
    warmup.write_warmup(aside, [request(signature="zzz")])
    aside.rename(publish.base / "2")
    manager.poll()
    report = manager.status(TOY)[0]
    assert (report.version, report.state) == (2, END)
    assert report.status.error_message == 'Serving signature key "zzz" not found.'
    assert answering_version(manager) == 1


def test_going_back_to_an_old_version_by_removing_the_new_one(publish, manager):
    publish(1)
    manager.poll()
    new = publish(2)
    manager.poll()
    shutil.rmtree(new)
    manager.poll()
    assert states(manager) == {2: END, 1: AVAILABLE}
    assert answering_version(manager) == 1


def test_no_version_left_means_no_model_and_a_lost_folder_changes_nothing(publish, manager):
    publish(1)
    manager.poll()
    away = publish.base.rename(publish.base.parent / "away")
    manager.poll()
    assert answering_version(manager) == 1
    away.rename(publish.base)
    shutil.rmtree(publish.base / "1")
    manager.poll()
    with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(toy\)"):
        answering_version(manager)


def test_one_models_missing_folder_is_told_once_and_leaves_the_others_alone(publish, tmp_path, caplog):
    publish(1)
    manager = ModelManager([ModelConfig("absent", tmp_path / "absent"), ModelConfig("toy", publish.base)])
    manager.poll()
    manager.poll()
    assert answering_version(manager) == 1
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        f"absent: cannot read {tmp_path / 'absent'}: No such file or directory"
    ]
    manager.stop()


def test_memory_of_closed_versions_is_given_back(publish, manager):
    """Twenty swaps of a model of 20 MB of variables would add 400 MB if versions stayed."""
    path = publish(1)
    big = path.parent.parent / "big"
    archive = keras.export.ExportArchive()
    layer = keras.layers.Embedding(1_250_000, 4)
    layer.build()
    archive.track(layer)
    archive.add_endpoint(
        "serving_default",
        tf.function(layer.call, input_signature=[tf.TensorSpec([None], tf.int32, name="item_id")]),
    )
    archive.write_out(str(big), verbose=False)

    def resident():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * 4096 / 2**20

    def swap():
        servable = Servable("big", 1, big)
        servable.close()

    for _ in range(3):
        swap()
    before = resident()
    for _ in range(20):
        swap()
    assert resident() - before < 100
