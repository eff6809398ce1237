"""Bodies of TF Serving's REST API -> its request messages, and back.

Source of rules and texts: tensorflow_serving/util/json_tensor.cc.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from tensorflow.core.example import example_pb2, feature_pb2
from tensorflow_serving.apis import classification_pb2, predict_pb2, regression_pb2
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfkgrec.runtime.signature_spec import InputInfos
from tfkgrec.serving.http.json_tensors import dense_shape, is_base64, refusal, rows, show, text_of, to_json, to_tensor

Body: TypeAlias = dict[str, object]


def parse(body: bytes) -> Body:
    """The JSON object of a request.

    Raises:
        ServingError: it is none.
    """
    if not body:
        raise refusal("JSON Parse error: The document is empty")
    try:
        value = json.loads(body)
    except json.JSONDecodeError as error:
        raise refusal(f"JSON Parse error: {error.msg} at offset: {error.pos}") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, a number of thousands of digits, ...
        raise refusal(f"JSON Parse error: {error}") from None
    if not isinstance(value, dict):
        raise refusal(f"JSON Value: {show(value)} Is not object")
    return value


def set_signature(body: Body, spec: ModelSpec) -> None:
    """Fill in `signature_name`, where the body has one."""
    name = body.get("signature_name", "")
    if not isinstance(name, str):
        raise refusal(f"JSON Value: {show(body)} not formatted correctly. 'signature_name' key must be a string value.")
    spec.signature_name = name.encode("utf-8", "replace").decode()


def fill_predict(body: Body, request: predict_pb2.PredictRequest, infos: InputInfos) -> None:
    """Fill in the inputs of a Predict request.

    Args:
        body: of the request.
        request: what to fill.
        infos: the TensorInfo of every input of the signature.

    Raises:
        ServingError: the body does not fit the signature.
    """
    if "instances" in body and "inputs" in body:
        raise refusal(
            f"JSON Value: {show(body)} Not formatted correctly expecting only"
            " one of 'inputs' or 'instances' keys to exist "
        )
    if "instances" not in body and "inputs" not in body:
        raise refusal("Missing 'inputs' or 'instances' key")
    columns: Iterable[tuple[str, object]] = (
        _columns(_instances(body), infos).items() if "instances" in body else _named(body["inputs"], infos)
    )
    for name, values in columns:
        request.inputs[name].CopyFrom(to_tensor(values, infos[name].dtype))


def _named(inputs: object, infos: InputInfos) -> Iterator[tuple[str, object]]:
    """Each input with its values, given by name, or without one where there is one input only."""
    if not isinstance(inputs, dict) or is_base64(inputs):
        if len(infos) > 1:
            raise refusal(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        inputs = {name: inputs for name in infos}
    for name in infos:
        if name not in inputs:
            raise refusal(f"Missing named input: {name} in 'inputs' object.")
        yield name, inputs[name]


def _instances(body: Body) -> list[object]:
    instances = body["instances"]
    if not isinstance(instances, list):
        raise refusal(f"JSON Value: {show(body)} Excepting 'instances' to be an list/array")
    if not instances:
        raise refusal(f"JSON Value: {show(body)} No values in 'instances' array")
    return instances


def _columns(instances: list[object], infos: InputInfos) -> dict[str, list[object]]:
    """Rows -> the values of each input."""
    if not isinstance(instances[0], dict) and len(infos) > 1:
        raise refusal(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    named = isinstance(instances[0], dict) and not is_base64(instances[0])
    if named:
        rows = [_named_row(row, number, infos) for number, row in enumerate(instances)]
        columns = {name: [row[name] for row in rows] for name in sorted(infos)}
    else:
        for number, row in enumerate(instances):
            if isinstance(row, dict) and not is_base64(row):
                raise refusal(f"Expecting value/list but got object at item {number} of input list")
        columns = {min(infos): instances}
    for name, values in columns.items():
        wanted = dense_shape(values[0])
        for number, value in enumerate(values):
            found = dense_shape(value)
            if found != wanted:
                raise refusal(
                    f"Failed to process element: {number} key: {name} of 'instances' list. "
                    f"Error: INVALID_ARGUMENT: Expecting shape {_shape(wanted)} but got: {_shape(found)}"
                )
    return columns


def _named_row(row: object, number: int, infos: InputInfos) -> dict[str, object]:
    """A row that has a value for every input and for nothing else."""
    if not isinstance(row, dict) or is_base64(row):
        raise refusal(f"Expecting object but got list at item {number} of input list")
    for name in row:
        if name not in infos:
            raise refusal(
                f"Failed to process element: {number} key: {name} of 'instances' list. "
                f"Error: INVALID_ARGUMENT: JSON object: does not have named input: {name}"
            )
    if row.keys() != infos.keys():
        raise refusal(
            f"Failed to process element: {number} of 'instances' list. JSON object: {show(row)} "
            f"keys must be equal to: {','.join(sorted(infos))}"
        )
    return row


def fill_examples(
    body: Body, request: classification_pb2.ClassificationRequest | regression_pb2.RegressionRequest
) -> None:
    """Fill in the tf.Examples of a Classify or Regress request.

    Raises:
        ServingError: the body has none, or a feature of several types.
    """
    set_signature(body, request.model_spec)
    into = request.input.example_list
    if "context" in body:
        into = request.input.example_list_with_context
        into.context.CopyFrom(_example(body["context"]))
    if "examples" not in body:
        raise refusal(f"JSON Value: {show(body)} When method is classify, key 'examples' is expected and was not found")
    examples = body["examples"]
    if not isinstance(examples, list):
        raise refusal(f"JSON Value: {show(body)} Expecting 'examples' value to be an list/array")
    if not examples:
        raise refusal(f"JSON Value: {show(body)} 'examples' value is an empty array")
    into.examples.extend(_example(value) for value in examples)


def _example(value: object) -> example_pb2.Example:
    if not isinstance(value, dict):
        raise refusal(f"Example must be JSON object but got JSON {show(value)}")
    message = example_pb2.Example()
    for name, content in value.items():
        feature = message.features.feature[name.encode("utf-8", "replace").decode()]
        for element in content if isinstance(content, list) else [content]:
            _add(feature, name, element)
    return message


def _add(feature: feature_pb2.Feature, name: str, value: object) -> None:
    converted: bytes | int | float
    if isinstance(value, str) or is_base64(value):
        kind, converted = "bytes_list", text_of(value)
    elif isinstance(value, int):  # true and false too
        kind, converted = "int64_list", int(value)
        if not -(1 << 63) <= value < 1 << 63:
            raise refusal(f"Feature: {name} has uint64 element. Only int64 is supported.")
    elif isinstance(value, float):
        kind, converted = "float_list", value
    else:
        raise refusal(f"Feature: {name} has element with unexpected JSON type: {show(value)}")
    found = feature.WhichOneof("kind")
    if found not in (None, kind):
        raise refusal(f"Unexpected element type in feature: {name} expecting type: {found.removesuffix('_list')}")
    getattr(feature, kind).value.append(converted)


def predict_body(response: predict_pb2.PredictResponse, by_row: bool) -> Body:
    """{"predictions": rows} or {"outputs": columns}."""
    if by_row:
        return {"predictions": rows(response.outputs)}
    columns = {name: to_json(name, proto) for name, proto in sorted(response.outputs.items())}
    return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}


def classify_body(response: classification_pb2.ClassificationResponse) -> Body:
    """{"results": for each example [[label, score], ...]}."""
    return {
        "results": [[[one.label, _short(one.score)] for one in row.classes] for row in response.result.classifications]
    }


def regress_body(response: regression_pb2.RegressionResponse) -> Body:
    """{"results": a number for each example}."""
    return {"results": [_short(one.value) for one in response.result.regressions]}


def _short(value: float) -> float:
    """A float32 in its own precision."""
    return float(f"{value:.9g}") if value != float(f"{value:.6g}") else float(f"{value:.6g}")


def _shape(shape: list[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
