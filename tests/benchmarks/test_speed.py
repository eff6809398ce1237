"""The speed benchmark measures what it says, in a process of its own, and writes the rows that were agreed."""

import json

import pytest

from tfkgrec.benchmark import main
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
    what = ["speed", "--models", "kgcn", "--datasets", "synthetic", "--seconds", "0.3", "--json", str(file)]
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
    assert rows["mf"]["floor_ratio"] == 1.0
    ratio = rows["kgcn"]["train_examples_per_second"] / rows["mf"]["train_examples_per_second"]
    assert rows["kgcn"]["floor_ratio"] == pytest.approx(ratio, abs=5e-4)
    assert "train_examples_per_second" in capfd.readouterr().out


def test_a_setting_that_is_none_is_one_line(capfd):
    assert run_main(main, ["speed", "--datasets", "synthetic", "--set", "model.dims=4", "--seconds", "0.1"]) == 2
    assert "model.dims" in capfd.readouterr().err
