"""One small request for every signature, with known and unknown ids: for the warm-up file and the exporter's checks."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, regression_pb2

from tfkgrec.runs.id_files import FACTS, ITEMS, USERS, read_texts
from tfkgrec.runtime import tensors
from tfkgrec.runtime.examples import example
from tfkgrec.runtime.signature_defs import CLASSIFY, EXAMPLES, METHODS, REGRESS
from tfkgrec.runtime.warmup import Request

Inputs = dict[str, np.ndarray]


def example_inputs(folder: Path) -> dict[str, Inputs]:
    """Signature name -> its inputs; `folder` is where `write_vocabularies` wrote."""
    users, items = (read_texts(folder / file, 3) for file in (USERS, ITEMS))
    pairs = {
        "user_id": np.array([users[0], "a user nobody knows"], object),
        "item_id": np.array([items[0], items[-1]], object),
    }
    history = np.array([items, [items[0]] + [""] * (len(items) - 1)], object)
    fact = read_texts(folder / FACTS, 1) if (folder / FACTS).exists() else []
    conditions = {
        "exclude": np.array([[items[0]], [""]], object),
        "only": np.array([["", ""], [items[-1], *(fact or ["no=fact"])]], object),
    }
    rows = zip(pairs["user_id"], pairs["item_id"], strict=True)
    examples = [example({"user_id": user, "item_id": item}).SerializeToString() for user, item in rows]
    return {
        "serving_default": pairs,
        "recommend": {"user_id": pairs["user_id"]},
        "recommend_for_history": {"history": history},
        "recommend_filtered": {"user_id": pairs["user_id"], **conditions},
        "recommend_filtered_for_history": {"history": history, **conditions},
        "rank": {"user_id": pairs["user_id"], "candidates": history},
        "similar": {"item_id": pairs["item_id"]},
        "explain": pairs,
        "explain_shapley": {**pairs, "seed": np.array([0, 1], np.int32)},
        "needed": {name: array[-1:] for name, array in pairs.items()},  # of somebody unknown: it is the dear one
        CLASSIFY: {EXAMPLES: np.array(examples, object)},
        REGRESS: {EXAMPLES: np.array(examples, object)},
    }


def warmup_requests(name: str, inputs: Mapping[str, Inputs]) -> list[Request]:
    """A request for each signature of `inputs`, by the call that is meant for it, and one for those two at once."""
    calls = {CLASSIFY: classification_pb2.ClassificationRequest, REGRESS: regression_pb2.RegressionRequest}
    requests: list[Request] = []
    for key, arrays in inputs.items():
        if key in calls:
            request = calls[key]()
            _fill_input(request, arrays[EXAMPLES])
        else:
            request = predict_pb2.PredictRequest()
            for input_name, array in arrays.items():
                request.inputs[input_name].CopyFrom(tensors.to_proto(array))
        request.model_spec.name, request.model_spec.signature_name = name, key
        requests.append(request)
    if calls.keys() <= inputs.keys():
        both = inference_pb2.MultiInferenceRequest()
        for key in calls:
            task = both.tasks.add(method_name=METHODS[key])
            task.model_spec.name, task.model_spec.signature_name = name, key
        _fill_input(both, inputs[CLASSIFY][EXAMPLES])
        requests.append(both)
    return requests


def _fill_input(request: Request, serialized: Iterable[bytes]) -> None:
    for one in serialized:
        request.input.example_list.examples.add().ParseFromString(one)
