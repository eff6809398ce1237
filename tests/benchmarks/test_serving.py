"""`tfkgrec benchmark serving` over a small export: it measures what it says. Figures need a quiet machine."""

import json

import pytest

from tests.client.fake_server import Script, fake_server, probabilities
from tests.golden.record import EXPORT
from tfkgrec import benchmark
from tfkgrec.benchmarks.serving_load import Load, measure
from tfkgrec.benchmarks.serving_requests import REQUESTS, SIGNATURES, requests
from tfkgrec.cli import run_main
from tfkgrec.protos import messages


@pytest.mark.slow
def test_the_whole_command(tmp_path, capsys):
    file = tmp_path / "serving.json"
    arguments = ["--model-base-path", str(EXPORT / "hkrm"), "--seconds", "0.2", "--callers", "2"]
    arguments += ["--requests", "200", "--fuzz", "100", "--json", str(file)]
    assert run_main(benchmark.main, ["serving", *arguments]) == 0
    *loads, memory, fuzzed = json.loads(file.read_text())["rows"]
    assert [(row["signature"], row["callers"]) for row in loads] == [(s, 2) for s in SIGNATURES]
    for row in loads:
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["requests"] > 0 and 0 < row["session_ms"] and 0 < row["predict_ms"]
    assert memory["requests"] == 200 and memory["after_mb"] > 100
    assert fuzzed["wrong_codes"] == 0 and fuzzed["malformed_requests"] > 100
    shown = capsys.readouterr().out
    assert "p99_ms" in shown and "wrong codes: 0" in shown and "memory of the server: " in shown


def test_no_export_is_one_line(tmp_path, capsys):
    assert run_main(benchmark.main, ["serving", "--model-base-path", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: --model-base-path {tmp_path}: expected an exported version, found none\n"


@pytest.mark.parametrize("callers", [1, 4])
def test_a_load_counts_its_answers_and_no_others(callers):
    script = Script(probabilities(0.5))
    with fake_server(script) as target:
        row = measure(Load(target, "toy", "score", callers, 0, 40, ["u1"], ["i1"]))
    assert row["requests"] == script.calls - 30  # those of the warm-up
    assert 40 <= row["requests"] < 40 + callers
    assert row["requests_per_second"] > 0


@pytest.mark.parametrize("signature", SIGNATURES)
def test_requests_are_the_same_on_every_run(signature):
    made = requests("toy", signature, ["u1", "u2"], ["i1", "i2", "i3"])
    assert len(made) == REQUESTS and made == requests("toy", signature, ["u1", "u2"], ["i1", "i2", "i3"])
    rows = 100 if "100" in signature else 1
    for one in made[:3]:
        message = messages.PredictRequest.FromString(one)
        assert {proto.tensor_shape.dim[0].size for proto in message.inputs.values()} == {rows}
