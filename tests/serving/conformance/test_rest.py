"""The REST API's forms, paths and codes."""

import numpy as np
import pytest

from tests.serving.conformance.test_models import SIGNATURES
from tests.serving.conformance.test_predict import probability

METRICS = "/monitoring/prometheus/metrics"


def test_predict_row_by_row_and_by_column(rest):
    rows = [{"user_id": "u1", "item_id": "i3"}, {"user_id": "nobody", "item_id": "i1"}]
    wanted = [probability(1, 3), probability(0, 1)]
    status, answer = rest("POST", "/v1/models/toy:predict", {"instances": rows})
    assert (status, answer.keys()) == (200, {"predictions"})
    np.testing.assert_allclose(answer["predictions"], wanted, atol=1e-6)
    columns = {name: [row[name] for row in rows] for name in ("user_id", "item_id")}
    status, answer = rest("POST", "/v1/models/toy:predict", {"inputs": columns})
    assert (status, answer.keys()) == (200, {"outputs"})
    np.testing.assert_allclose(answer["outputs"], wanted, atol=1e-6)


def test_several_outputs_are_objects(rest):
    body = {"signature_name": "recommend", "instances": [{"user_id": "u3"}]}
    status, answer = rest("POST", "/v1/models/toy:predict", body)
    (row,) = answer["predictions"]
    assert status == 200
    assert row.keys() == {"item_id", "item_name", "score", "known_user"}
    assert row["item_name"] == ["film 6", "film 5", "", ""] and row["known_user"] is True
    body = {"signature_name": "recommend", "inputs": {"user_id": ["u3"]}}
    assert rest("POST", "/v1/models/toy:predict", body)[1]["outputs"]["item_name"] == [row["item_name"]]


def test_candidates_conditions_and_likes(rest):
    def ask(signature, **row):
        status, answer = rest("POST", "/v1/models/toy:predict", {"signature_name": signature, "instances": [row]})
        assert status == 200
        return answer["predictions"][0]

    ranked = ask("rank", user_id="u1", candidates=["i2", "nothing", ""])
    np.testing.assert_allclose(ranked["score"], [probability(1, 2), probability(1, 0), 0], atol=1e-6)
    assert ranked["known_item"] == [True, False, False]
    for signature, whom in (
        ("recommend_filtered", {"user_id": "u1"}),
        ("recommend_filtered_for_history", {"history": ["i1"]}),
    ):
        found = ask(signature, **whom, exclude=["i4"], only=["genre=war"])
        assert sorted(found["item_id"]) == ["", "", "i2", "i6"] and found["known_conditions"] == 2
    alike = ask("similar", item_id="i3")
    assert (
        alike["known_item"] is True and "i3" not in alike["item_id"] and alike["score"] == sorted(alike["score"])[::-1]
    )


def test_a_version_may_be_asked_for_by_number_or_label(rest):
    rows = {"instances": [{"user_id": "u1", "item_id": "i3"}]}
    for path in ("toy/versions/1", "toy/labels/stable"):
        status, answer = rest("POST", f"/v1/models/{path}:predict", rows)
        assert status == 200
        np.testing.assert_allclose(answer["predictions"], [probability(1, 3, 1)], atol=1e-6)


def test_classify_and_regress(rest):
    examples = [{"user_id": "u1", "item_id": "i3"}, {"user_id": "u3", "item_id": "i6"}]
    wanted = [probability(1, 3), probability(3, 6)]
    body = {"signature_name": "classify", "examples": examples}
    status, answer = rest("POST", "/v1/models/toy:classify", body)
    assert status == 200
    assert [[label for label, _ in row] for row in answer["results"]] == [["0", "1"]] * 2
    np.testing.assert_allclose([row[1][1] for row in answer["results"]], wanted, atol=1e-6)
    status, answer = rest("POST", "/v1/models/toy:regress", {**body, "signature_name": "regress"})
    assert status == 200
    np.testing.assert_allclose(answer["results"], wanted, atol=1e-6)


def test_status(rest):
    healthy = {"error_code": "OK", "error_message": ""}
    status, answer = rest("GET", "/v1/models/toy")
    assert status == 200
    found = sorted(answer["model_version_status"], key=lambda one: one["version"])
    assert found == [{"version": v, "state": "AVAILABLE", "status": healthy} for v in ("1", "2")]
    status, answer = rest("GET", "/v1/models/toy/versions/1")
    assert [one["version"] for one in answer["model_version_status"]] == ["1"]


def test_metadata(rest):
    status, answer = rest("GET", "/v1/models/toy/metadata")
    assert status == 200
    assert (answer["model_spec"]["name"], answer["model_spec"]["version"]) == ("toy", "2")
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert SIGNATURES <= signatures.keys()
    assert signatures["recommend"]["inputs"]["user_id"]["dtype"] == "DT_STRING"
    assert signatures["regress"]["method_name"] == "tensorflow/serving/regress"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("POST", "nope:predict", {"instances": [{"user_id": "u", "item_id": "i"}]}, 404, "Latest(nope)"),
        (
            "POST",
            "toy/versions/99:predict",
            {"instances": [{"user_id": "u", "item_id": "i"}]},
            404,
            "Specific(toy, 99)",
        ),
        ("POST", "toy/labels/X:predict", {"instances": [{"user_id": "u", "item_id": "i"}]}, 400, "version label: X"),
        ("POST", "toy:predict", b"{not json", 400, "JSON"),
        ("POST", "toy:predict", {"signature_name": "recommend"}, 400, ""),
        ("POST", "toy:predict", {"instances": [{"user_id": "u"}]}, 400, ""),
        ("POST", "toy:predict", {"instances": [{"user_id": 1, "item_id": "i"}]}, 400, ""),
        ("POST", "toy:guess", {"instances": []}, 400, "Malformed request: POST /v1/models/toy:guess"),
        ("GET", "nope", None, 404, "Could not find any versions of model nope"),
        ("GET", "toy/versions/99", None, 404, "Could not find version 99 of model toy"),
    ],
)
def test_refusals(rest, method, path, body, status, text):
    found, answer = rest(method, f"/v1/models/{path}", body)
    assert (found, list(answer)) == (status, ["error"])
    assert text in answer["error"]


def test_metrics(rest, target):
    rest("POST", "/v1/models/toy:predict", {"instances": [{"user_id": "u1", "item_id": "i3"}]})
    status, text = rest("GET", METRICS)
    if status != 200 and not target.embedded:
        pytest.skip("the target shows no metrics: give it --monitoring_config_file=serving/monitoring.config")
    assert status == 200
    assert "# TYPE :tensorflow:serving:request_count counter" in text
