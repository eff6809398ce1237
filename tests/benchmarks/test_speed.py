"""The speed benchmark measures what it says, in a process of its own, and writes the rows that were agreed."""

import dataclasses
import json

import pytest

from tfkgrec.benchmark import main
from tfkgrec.benchmarks import speed
from tfkgrec.cli import run_main

AGREED = {
    "model",
    "dataset",
    "train_examples_per_second",
    "rank_users_per_second",
    "peak_memory_mb",
    "pipeline_examples_per_second",
    "floor_ratio",
}


def test_rows_of_model_and_floor(tmp_path, capfd):
    file = tmp_path / "speed.json"
    small = ["model.dim=4", "training.batch_size=256", "training.jit_compile=false"]  # XLA compiles for half a minute
    what = [
        "speed",
        "--models",
        "kgcn",
        "--datasets",
        "synthetic",
        "--seconds",
        "0.3",
        "--most-runs",
        "1",
        "--json",
        str(file),
    ]
    status = run_main(main, [*what, "--set", *small])
    assert status == 0
    written = json.loads(file.read_text())
    assert written["device"]
    rows = {row["model"]: row for row in written["rows"]}
    assert rows.keys() == {"kgcn", "mf"}
    for row in rows.values():
        assert row.keys() >= AGREED
        assert row["batch_size"] == 256
        assert min(row[key] for key in AGREED - {"model", "dataset"}) > 0
        assert row["floor_ratio"] == pytest.approx(row["step_ms"] / row["floor_ms"], rel=0.05)
        assert row["start_seconds"] > row["compile_seconds"] > 0
    assert rows["mf"]["mf_ratio"] == 1.0
    ratio = rows["kgcn"]["train_examples_per_second"] / rows["mf"]["train_examples_per_second"]
    assert rows["kgcn"]["mf_ratio"] == pytest.approx(ratio, abs=5e-4)
    assert "train_examples_per_second" in capfd.readouterr().out


def test_a_setting_that_is_none_is_one_line(capfd):
    assert run_main(main, ["speed", "--datasets", "synthetic", "--set", "model.dims=4", "--seconds", "0.1"]) == 2
    assert "model.dims" in capfd.readouterr().err


def test_measured_again_until_two_agree(monkeypatch):
    row = speed.SpeedRow("mf", "x", 0, 1, 1.0, 1.0, 1, 7, 7, 1, 1, False, 2, 1.0, 1.0, 2.0, 1.0, 2.0, 0.01, 0.0)
    speeds = iter([100, 150, 121, 127, 500])

    def once(job):
        found = next(speeds)
        return dataclasses.replace(row, train_examples_per_second=found, peak_memory_mb=found, others=found / 1000)

    monkeypatch.setattr(speed.SpeedJob, "measure_once", once)
    found = speed.SpeedJob("mf", "x", 1.0).measure()
    assert (found.slowest, found.train_examples_per_second, found.fastest, found.runs) == (100, 124, 150, 4)
    assert found.agreed and found.peak_memory_mb == 150
    (line,) = speed.warnings([found])
    assert line.startswith("mf on x: warning: other processes took 15% of the CPU time")
    speeds = iter([100, 150, 225])
    assert "no two in a row within 10%: 100 to 225" in speed.warnings([speed.SpeedJob("mf", "x", 1.0).measure(3)])[1]
