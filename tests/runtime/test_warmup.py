"""The warm-up file."""

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.toy import request
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.status import ServingError
from tfkgrec.runtime.warmup import WARMUP_FILE, replay_warmup, write_warmup


@pytest.fixture
def servable(publish):
    made = Servable("toy", 1, publish(1))
    yield made
    made.close()


def write(servable, *records):
    with tf.io.TFRecordWriter(str(servable.path / WARMUP_FILE)) as writer:
        for record in records:
            writer.write(record)


def test_the_file_is_where_tf_serving_looks_and_holds_prediction_logs(servable):
    file = servable.path / "assets.extra" / "tf_serving_warmup_requests"
    records = list(tf.data.TFRecordDataset(str(file)).as_numpy_iterator())
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    assert [log.predict_log.request.model_spec.signature_name for log in logs] == ["", "recommend"]
    assert replay_warmup(servable) == 2


def test_no_file_is_no_warmup(servable):
    (servable.path / WARMUP_FILE).unlink()
    assert replay_warmup(servable) == 0


def test_more_than_a_thousand_requests_are_refused(servable):
    write_warmup(servable.path, [request(user_id=["u1"], item_id=["i1"])] * 1001)
    with pytest.raises(ServingError, match="Number of warmup records exceeds the maximum"):
        replay_warmup(servable)


def test_a_log_of_another_kind_is_refused(servable):
    log = prediction_log_pb2.PredictionLog(session_run_log=prediction_log_pb2.SessionRunLog())
    write(servable, log.SerializeToString())
    with pytest.raises(ServingError, match="Unsupported log_type for warmup: session_run_log"):
        replay_warmup(servable)


def test_what_is_no_prediction_log_is_refused(servable):
    write(servable, b"\xff\xff\xff")
    with pytest.raises(ServingError, match="Failed to parse warmup record"):
        replay_warmup(servable)
    (servable.path / WARMUP_FILE).write_text("not a TFRecord file")
    with pytest.raises(tf.errors.OpError):
        replay_warmup(servable)
