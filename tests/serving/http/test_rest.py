"""The REST API: TF Serving's JSON forms, paths, codes and texts (json_tensor.cc, http_rest_api_util.cc)."""

import base64
import contextlib
import gzip
import http.client
import json
import socket
import time

import numpy as np
import pytest
from tensorflow.core.framework import types_pb2

from tests.toy import AFFINITY
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.status import ServingError
from tfkgrec.serving.http import json_tensors
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.metrics import PATH
from tfkgrec.serving.server import ModelServer


def ask(server, method, path, body=None, headers=None):
    """Status and JSON (or text) of one request."""
    connection = http.client.HTTPConnection(server.rest_address, timeout=20)
    try:
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, sent, headers or {})
        reply = connection.getresponse()
        text = reply.read().decode()
        return reply.status, json.loads(text) if "json" in (reply.getheader("Content-Type") or "") else text
    finally:
        connection.close()


@pytest.fixture
def post(server):
    return lambda path, body: ask(server, "POST", f"/v1/models/{path}", body)


def probability(user, item, version=2):
    return 1 / (1 + np.exp(-(AFFINITY[user, item] + version / 10)))


def test_predict_row_by_row(post):
    rows = [{"user_id": "u1", "item_id": "i3"}, {"user_id": "nobody", "item_id": "i1"}]
    status, answer = post("toy:predict", {"instances": rows})
    assert (status, answer.keys()) == (200, {"predictions"})
    np.testing.assert_allclose(answer["predictions"], [probability(1, 3), probability(0, 1)], atol=1e-6)


def test_predict_by_column(post):
    status, answer = post("toy:predict", {"inputs": {"user_id": ["u1"], "item_id": ["i3"]}})
    assert (status, answer.keys()) == (200, {"outputs"})
    np.testing.assert_allclose(answer["outputs"], [probability(1, 3)], atol=1e-6)


def test_several_outputs_are_objects_and_one_input_needs_no_name(post):
    body = {"signature_name": "recommend", "instances": ["u3", "nobody"]}
    status, answer = post("toy/versions/1:predict", body)
    assert status == 200
    first, second = answer["predictions"]
    assert first.keys() == {"item_id", "item_name", "score", "known_user"}
    assert first["item_name"] == ["film 6", "film 5", "", ""] and first["known_user"] is True
    assert second["known_user"] is False
    status, columns = post("toy/versions/1:predict", {"signature_name": "recommend", "inputs": ["u3", "nobody"]})
    assert columns["outputs"]["item_name"] == [first["item_name"], second["item_name"]]


def test_a_float_is_written_in_its_own_precision(post):
    _, answer = post("toy:predict", {"signature_name": "explain", "instances": [{"user_id": "u1", "item_id": "i1"}]})
    assert answer["predictions"][0]["neighbour_weight"][0] == [0.6, 0.4]


def test_an_explanation_says_whose_it_is(post):
    body = {"signature_name": "explain", "instances": [{"user_id": "u1", "item_id": "i1"}] * 2}
    assert [row["explained_by"] for row in post("toy:predict", body)[1]["predictions"]] == ["dink", "dink"]


def test_strings_may_come_as_base64(post):
    user = {"b64": base64.b64encode(b"u3").decode()}
    plain = post("toy:predict", {"signature_name": "recommend", "instances": ["u3"]})
    assert post("toy:predict", {"signature_name": "recommend", "instances": [user]}) == plain
    assert post("toy:predict", {"signature_name": "recommend", "inputs": [user]})[0] == 200


def test_a_version_may_be_asked_for_by_number_or_label(post):
    rows = {"instances": [{"user_id": "u1", "item_id": "i3"}]}
    assert post("toy/versions/1:predict", rows) == post("toy/labels/stable:predict", rows) != post("toy:predict", rows)
    assert post("TOY:predict", rows)[0] == 404  # only the path's own words may be in any case
    assert post("toy/VERSIONS/1:PREDICT", rows)[0] == 200


def test_classify_and_regress(post):
    examples = [{"user_id": "u1", "item_id": ["i3"]}, {"user_id": "u2", "item_id": {"b64": "aTE="}}]
    wanted = [probability(1, 3), probability(2, 1)]
    status, answer = post("toy:classify", {"signature_name": "classify", "examples": examples})
    assert status == 200
    assert [[label for label, _ in row] for row in answer["results"]] == [["0", "1"], ["0", "1"]]
    np.testing.assert_allclose([row[1][1] for row in answer["results"]], wanted, atol=1e-6)
    body = {"signature_name": "regress", "context": {"user_id": "u1"}, "examples": [{"item_id": "i3"}, examples[1]]}
    status, answer = post("toy:regress", body)
    assert status == 200
    np.testing.assert_allclose(answer["results"], wanted, atol=1e-6)


def test_status(server):
    healthy = {"error_code": "OK", "error_message": ""}
    status, answer = ask(server, "GET", "/v1/models/toy")
    assert (status, answer) == (
        200,
        {
            "model_version_status": [
                {"version": "2", "state": "AVAILABLE", "status": healthy},
                {"version": "1", "state": "AVAILABLE", "status": healthy},
            ]
        },
    )
    for path in ("/v1/models/toy/versions/1", "/v1/models/toy/labels/stable"):
        assert ask(server, "GET", path)[1]["model_version_status"][0]["version"] == "1"


def test_metadata(server):
    status, answer = ask(server, "GET", "/v1/models/toy/metadata")
    assert status == 200
    assert answer["model_spec"] == {"name": "toy", "signature_name": "", "version": "2"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert signatures["classify"]["method_name"] == "tensorflow/serving/classify"
    assert signatures["recommend"]["inputs"]["user_id"]["dtype"] == "DT_STRING"
    assert signatures["recommend"]["inputs"]["user_id"]["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}]


ROWS = {"instances": [{"user_id": "u1", "item_id": "i3"}]}
REFUSALS = {
    "unknown model": ("nope:predict", ROWS, 404, "Servable not found for request: Latest(nope)"),
    "unknown version": ("toy/versions/9:predict", ROWS, 404, "Servable not found for request: Specific(toy, 9)"),
    "unknown label": ("toy/labels/x:predict", ROWS, 400, "Unrecognized servable version label: x"),
    "a version beyond numbers": (
        f"toy/versions/{'9' * 30}:predict",
        ROWS,
        400,
        f"Failed to convert version: {'9' * 30} to numeric.",
    ),
    "unknown signature": (
        "toy:predict",
        {**ROWS, "signature_name": "zzz"},
        400,
        'Serving signature name: "zzz" not found in signature def',
    ),
    "signature_name is no string": (
        "toy:predict",
        {"signature_name": 1, "instances": []},
        400,
        'JSON Value: {"signature_name": 1, "instances": []} not formatted correctly. '
        "'signature_name' key must be a string value.",
    ),
    "unknown signature, classify": (
        "toy:classify",
        {"signature_name": "zzz", "examples": [{}]},
        400,
        "No signature was found with the name: zzz",
    ),
    "unknown verb": ("toy:guess", ROWS, 400, "Malformed request: POST /v1/models/toy:guess"),
    "empty": ("toy:predict", b"", 400, "JSON Parse error: The document is empty"),
    "no object": ("toy:predict", [1], 400, "JSON Value: [1] Is not object"),
    "neither key": ("toy:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
    "both keys": (
        "toy:predict",
        {"inputs": 1, "instances": 1},
        400,
        'JSON Value: {"inputs": 1, "instances": 1} Not formatted correctly expecting only'
        " one of 'inputs' or 'instances' keys to exist ",
    ),
    "no rows": (
        "toy:predict",
        {"instances": []},
        400,
        "JSON Value: {\"instances\": []} No values in 'instances' array",
    ),
    "rows no list": (
        "toy:predict",
        {"instances": 1},
        400,
        "JSON Value: {\"instances\": 1} Excepting 'instances' to be an list/array",
    ),
    "plain rows, two inputs": (
        "toy:predict",
        {"instances": ["u1"]},
        400,
        "instances is a plain list, but expecting list of objects as multiple "
        "input tensors required as per tensorinfo_map",
    ),
    "plain columns, two inputs": (
        "toy:predict",
        {"inputs": ["u1"]},
        400,
        "inputs is a plain value/list, but expecting an object as multiple "
        "input tensors required as per tensorinfo_map",
    ),
    "missing column": (
        "toy:predict",
        {"inputs": {"user_id": ["u1"]}},
        400,
        "Missing named input: item_id in 'inputs' object.",
    ),
    "missing in a row": (
        "toy:predict",
        {"instances": [{"user_id": "u1"}]},
        400,
        'Failed to process element: 0 of \'instances\' list. JSON object: {"user_id": "u1"} '
        "keys must be equal to: item_id,user_id",
    ),
    "mixed rows": (
        "toy:predict",
        {"signature_name": "recommend", "instances": ["u1", {"user_id": "u1"}]},
        400,
        "Expecting value/list but got object at item 1 of input list",
    ),
    "wrong type": (
        "toy:predict",
        {"inputs": {"user_id": [1], "item_id": ["i1"]}},
        400,
        "JSON Value: 1 Type: Number is not of expected type: string",
    ),
    "ragged": (
        "toy:predict",
        {"signature_name": "recommend_for_history", "inputs": [["i1", "i2"], ["i1"]]},
        400,
        "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    ),
    "bad base64": (
        "toy:predict",
        {"signature_name": "recommend", "inputs": [{"b64": "%"}]},
        400,
        "Unable to base64 decode",
    ),
    "no examples": (
        "toy:regress",
        {"signature_name": "regress", "examples": []},
        400,
        'JSON Value: {"signature_name": "regress", "examples": []} \'examples\' value is an empty array',
    ),
    "mixed feature": (
        "toy:regress",
        {"signature_name": "regress", "examples": [{"user_id": ["u1", 1]}]},
        400,
        "Unexpected element type in feature: user_id expecting type: bytes",
    ),
}


@pytest.mark.parametrize(("path", "body", "code", "text"), REFUSALS.values(), ids=REFUSALS)
def test_a_request_that_does_not_fit_is_refused_as_tf_serving_refuses_it(post, path, body, code, text):
    assert post(path, body) == (code, {"error": text})


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b"\xff\xfe{}", b"[" * 100_000, b'{"instances": ' + b"9" * 5000 + b"}", b'{"a":"\\ud8'],
)
def test_what_is_no_json_is_400(post, body):
    status, answer = post("toy:predict", body)
    assert status == 400 and answer["error"].startswith("JSON Parse error: ")


def test_depth_and_lone_surrogates_do_not_hurt(post):
    deep = b'{"signature_name": "recommend", "inputs": ' + b"[" * 900 + b"]" * 900 + b"}"
    assert post("toy:predict", deep)[0] == 400
    assert post("toy:predict", b'{"signature_name": "recommend", "inputs": ["\\ud800"]}')[0] == 400
    assert post("toy:predict", b'{"signature_name": "\\ud800", "inputs": ["a"]}')[0] == 400
    assert post("toy:regress", b'{"signature_name": "regress", "examples": [{"\\ud800": "a"}]}')[0] == 400


def test_who_does_not_speak_http_is_hung_up_on_and_leaves_no_traceback(server, caplog):
    host, port = server.rest_address.split(":")
    long = b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"
    for nonsense in (b"\x00\xff" * 500, b"GET /v1/models/\xff HTTP/1.1\r\n\r\n", long):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(nonsense)
            assert connection.recv(100).startswith(b"HTTP/1.0 400")
    assert caplog.records == []
    assert ask(server, "GET", "/v1/models/toy")[0] == 200


def test_a_body_may_be_gzipped_and_one_that_only_says_so_is_refused(server, caplog):
    zipped = {"Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps(ROWS).encode())
    assert ask(server, "POST", "/v1/models/toy:predict", body, zipped)[0] == 200
    assert ask(server, "POST", "/v1/models/toy:predict", b"no gzip", zipped)[0] == 400
    assert caplog.records == []


def test_get_refusals(server):
    assert ask(server, "GET", "/v1/models") == (400, {"error": "Missing model name in request."})
    assert ask(server, "GET", "/v1/models/nope")[0] == 404
    assert ask(server, "GET", "/v1/models/toy:predict") == (
        400,
        {"error": "Malformed request: GET /v1/models/toy:predict"},
    )
    assert ask(server, "DELETE", "/v1/models/toy")[0] == 400
    assert ask(server, "GET", "/elsewhere")[0] == 404


def test_the_prometheus_page_counts_in_tf_servings_names(server, post):
    def count(line):
        page = ask(server, "GET", PATH)[1]
        values = [text.rpartition(" ")[2] for text in page.splitlines() if text.startswith(line)]
        return float(values[0]) if values else 0.0

    answered = ':tensorflow:serving:request_count{model_name="toy",status="OK"}'
    unknown = ':tensorflow:serving:request_count{model_name="<unknown>",status="NOT_FOUND"}'
    timed = ':tensorflow:serving:request_latency_count{API="Predict",entrypoint="REST",model_name="toy"}'
    examples = ':tensorflow:serving:request_example_count_total{model="toy"}'
    before = [count(line) for line in (answered, unknown, timed, examples)]
    post("toy:predict", ROWS)
    post("nope:regress", {"examples": [{"user_id": "u1"}]})
    post("toy:regress", {"signature_name": "regress", "examples": [{"user_id": "u1", "item_id": "i1"}]})
    after = [count(line) for line in (answered, unknown, timed, examples)]
    assert [late - early for early, late in zip(before, after, strict=True)] == [2, 1, 1, 1]
    page = ask(server, "GET", PATH)[1]
    assert "# TYPE :tensorflow:serving:request_count counter" in page
    assert ':tensorflow:cc:saved_model:load_attempt_count{model_path="' in page and "_created" not in page


@pytest.fixture
def rest_server(publish):
    """`rest_server(load=Servable, **options)`: a server of the toy with these REST options."""
    publish(1)
    running = []

    def start(load=Servable, **options):
        manager = ModelManager([ModelConfig("toy", publish.base)], load)
        server = ModelServer(manager, port=0, poll_seconds=0, rest=RestOptions(port=0, **options))
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


def test_a_body_beyond_the_limit_is_413_and_no_metrics_without_a_config(rest_server):
    server = rest_server(max_request_bytes=1000)
    status, answer = ask(server, "POST", "/v1/models/toy:predict", {"instances": ["x" * 2000]})
    assert (status, answer) == (413, {"error": "the request should have at most 1000 bytes"})
    assert ask(server, "POST", "/v1/models/toy:predict", ROWS)[0] == 200
    assert ask(server, "GET", PATH)[0] == 404


def test_a_request_that_takes_too_long_is_504_and_one_too_many_is_429(rest_server):
    class Slow(Servable):
        def run(self, key, inputs, outputs):
            time.sleep(0.5)
            return super().run(key, inputs, outputs)

    server = rest_server(Slow, timeout_ms=100)
    assert ask(server, "POST", "/v1/models/toy:predict", ROWS) == (504, {"error": "Deadline Exceeded"})
    none = rest_server(max_requests=0)
    assert ask(none, "GET", "/v1/models/toy")[0] == 429


def test_a_version_that_takes_over_meanwhile_is_not_mixed_in(rest_server, publish, monkeypatch):
    """The inputs that the JSON is read by, and the answer, are of one version: it is borrowed once."""
    server = rest_server()
    using, borrowed = server.manager.using, []

    @contextlib.contextmanager
    def then_swap(spec):
        with using(spec) as servable:
            borrowed.append(servable.version)
            yield servable
        if borrowed == [1]:
            publish(2, like=2)
            server.manager.poll()

    monkeypatch.setattr(server.manager, "using", then_swap)
    for version in (1, 2):
        status, answer = ask(server, "POST", "/v1/models/toy:predict", ROWS)
        assert status == 200
        np.testing.assert_allclose(answer["predictions"], [probability(1, 3, version)], atol=1e-6)
    assert borrowed == [1, 2]


def test_pages_of_other_sites_may_ask_where_that_is_allowed(rest_server):
    server = rest_server(cors=True)
    connection = http.client.HTTPConnection(server.rest_address, timeout=20)
    for method in ("OPTIONS", "GET"):
        connection.request(method, "/v1/models/toy")
        reply = connection.getresponse()
        reply.read()
        assert (reply.status, reply.getheader("Access-Control-Allow-Origin")) == (200, "*")
    connection.close()


def test_numbers_are_converted_only_where_nothing_is_lost():
    def values(value, dtype):
        return json_tensors.to_json("x", json_tensors.to_tensor(value, dtype))

    assert values([[1, 2.5]], types_pb2.DT_FLOAT) == [[1.0, 2.5]]
    assert values([1, -5], types_pb2.DT_INT64) == [1, -5]
    assert values([True, False], types_pb2.DT_BOOL) == [True, False]
    assert np.isnan(values([float("nan")], types_pb2.DT_FLOAT)).all()
    for value, dtype in [
        ([1 << 31], types_pb2.DT_INT32),
        ([1 << 63], types_pb2.DT_INT64),
        ([1.5], types_pb2.DT_INT32),
        ([True], types_pb2.DT_INT32),
        ([True], types_pb2.DT_FLOAT),
        (["1"], types_pb2.DT_FLOAT),
        ([None], types_pb2.DT_STRING),
        ([1], types_pb2.DT_BOOL),
        ([(1 << 24) + 1], types_pb2.DT_FLOAT),
        ([1e39], types_pb2.DT_FLOAT),
    ]:
        with pytest.raises(ServingError):
            values(value, dtype)


def test_bytes_leave_as_base64_where_the_name_says_so():
    proto = json_tensors.to_tensor(["a"], types_pb2.DT_STRING)
    assert json_tensors.to_json("image_bytes", proto) == [{"b64": "YQ=="}]
