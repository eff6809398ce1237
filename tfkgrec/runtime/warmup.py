"""The warm-up file of a SavedModel: requests that are replayed before a version goes live.

`assets.extra/tf_serving_warmup_requests` is a TFRecord file of PredictionLog messages; TF Serving and the embedded
server read the same one. Python's `tf.saved_model.load` ignores it.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, prediction_log_pb2, regression_pb2

from tfkgrec.runtime.classify import classify
from tfkgrec.runtime.multi_inference import multi_inference
from tfkgrec.runtime.predict import predict
from tfkgrec.runtime.regress import regress
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.status import INVALID_ARGUMENT, ServingError

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
MAX_REQUESTS = 1000

Request: TypeAlias = (
    predict_pb2.PredictRequest
    | classification_pb2.ClassificationRequest
    | regression_pb2.RegressionRequest
    | inference_pb2.MultiInferenceRequest
)

_LOG_FIELD = {
    predict_pb2.PredictRequest: "predict_log",
    classification_pb2.ClassificationRequest: "classify_log",
    regression_pb2.RegressionRequest: "regress_log",
    inference_pb2.MultiInferenceRequest: "multi_inference_log",
}


def write_warmup(version_dir: Path, requests: Iterable[Request]) -> None:
    """Write the warm-up file of the SavedModel in `version_dir`."""
    path = version_dir / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in requests:
            log = prediction_log_pb2.PredictionLog()
            getattr(log, _LOG_FIELD[type(request)]).request.CopyFrom(request)
            writer.write(log.SerializeToString())


def replay_warmup(servable: Servable) -> int:
    """Send a version its own warm-up requests; the number sent, 0 where there is no file.

    Raises:
        ServingError, tf.errors.OpError: the file is not one, or the version does not answer one of its requests.
    """
    path = servable.path / WARMUP_FILE
    if not path.exists():
        return 0
    count = 0
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        count += 1
        if count > MAX_REQUESTS:
            raise ServingError(
                INVALID_ARGUMENT, f"Number of warmup records exceeds the maximum ({MAX_REQUESTS}) at {path}"
            )
        _replay(servable, _parse(record, path))
    return count


def _parse(record: bytes, path: Path) -> prediction_log_pb2.PredictionLog:
    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except Exception as error:  # protobuf's DecodeError has no public home
        raise ServingError(INVALID_ARGUMENT, f"Failed to parse warmup record from {path}") from error


def _replay(servable: Servable, log: prediction_log_pb2.PredictionLog) -> None:
    kind = log.WhichOneof("log_type")
    calls: dict[str, Callable[..., object]] = {
        "predict_log": predict,
        "classify_log": classify,
        "regress_log": regress,
        "multi_inference_log": multi_inference,
    }
    if kind not in calls:
        raise ServingError(INVALID_ARGUMENT, f"Unsupported log_type for warmup: {kind}")
    calls[kind](servable, getattr(log, kind).request)
