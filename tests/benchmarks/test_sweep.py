"""A grid of settings: its points, its table, its picture, and TensorBoard's HParams."""

import json
import re
import sys
from pathlib import Path

import pytest

from tfkgrec.benchmark import main
from tfkgrec.benchmarks.figures import FIGURES
from tfkgrec.benchmarks.grid import Grid, split_values, variant_at
from tfkgrec.benchmarks.hparams import value_of
from tfkgrec.benchmarks.variants import Variant, variant
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.errors import InputError

CONFIGS = Path(__file__).parents[2] / "configs"
CONFIG = """
model: {name: dink, dim: 4, num_neighbours: 2, history_length: 4}
data: {dataset: synthetic, synthetic: {users: 60, items: 50, positives_per_user: 8}}
training: {epochs: 1, batch_size: 256, learning_rate: 1e-2, jit_compile: false}
"""


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("8,16, 32", ["8", "16", "32"]),
        ("[3,5],[7]", ["[3,5]", "[7]"]),
        ("'a,b',null", ["'a,b'", "null"]),
        ("{a: 1, b: 2},x", ["{a: 1, b: 2}", "x"]),
    ],
)
def test_commas_separate_values_but_within_brackets_and_quotes(text, values):
    assert split_values(text) == values


def test_all_combinations_in_order_and_a_folder_for_each():
    grid = Grid.of(["model.dim=8,16", "training.epochs=3", "data.train_share=0.5,1"])
    assert grid.axes == ["model.dim", "data.train_share"]
    points = grid.points()
    assert [tuple(point.values()) for point in points] == [
        ("8", "3", "0.5"),
        ("8", "3", "1"),
        ("16", "3", "0.5"),
        ("16", "3", "1"),
    ]
    base = Variant("tuned", "tuned, fresh negatives", "-paper", ("training.negatives=fresh",))
    rows = [variant_at(base, point) for point in points]
    assert rows[0].folder == "tuned-fresh-negatives,model.dim=8,training.epochs=3,data.train_share=0.5"
    assert rows[0].overrides == ("training.negatives=fresh", "model.dim=8", "training.epochs=3", "data.train_share=0.5")
    assert rows[0].suffix == "-paper" and len({row.folder for row in rows}) == 4


@pytest.mark.parametrize("texts", [["model.dim"], ["model.dim=8,,9"], ["model.dim=8,8"], ["model.dim=8"], ["=1,2"]])
def test_what_is_no_grid_is_one_line(texts):
    with pytest.raises(InputError, match="--set: expected "):
        Grid.of(texts)


@pytest.mark.parametrize(
    ("text", "value"), [("8", 8), ("1e-3", 1e-3), ("true", True), ("tanh", "tanh"), ("null", "null")]
)
def test_tensorboard_gets_numbers_as_numbers(text, value):
    assert (value_of(text), type(value_of(text))) == (value, type(value))


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_of_a_paper_starts_from_a_config_that_takes_its_settings(name):
    figure = FIGURES[name]
    base = variant(figure.model, figure.variant)
    for point in Grid.of(figure.settings).points():
        settings = variant_at(base, point).overrides
        load_config(CONFIGS / figure.model / f"{figure.dataset}{base.suffix}.yaml", settings)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "configs" / "dink").mkdir(parents=True)
    (folder / "configs" / "dink" / "synthetic.yaml").write_text(CONFIG)
    return folder


def _sweep(places, *more: str) -> int:
    folders = ["--configs", str(places / "configs"), "--runs", str(places / "runs"), "--out", str(places / "out")]
    return run_main(main, ["sweep", "--datasets", "synthetic", "--seeds", "1", *folders, *more])


@pytest.mark.slow
def test_a_grid_is_measured_once_and_shown(places, capsys):
    asked = ["--set", "model.dim=2,4", "data.train_share=0.5,1", "--no-plot"]
    assert _sweep(places, *asked) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("0 of 4 runs are done, 4 left")
    runs = sorted((places / "runs").glob("dink-*/seed-*/metrics.json"))
    assert len(runs) == 4
    rows = json.loads((places / "out/rows.json").read_text())
    assert [row["settings"] for row in rows] == [
        {"model.dim": dim, "data.train_share": share} for dim in ("2", "4") for share in ("0.5", "1")
    ]
    for row in rows:  # a point's figures are those of runs with its settings
        settings = ",".join(f"{key}={value}" for key, value in row["settings"].items())
        own = [json.loads(file.read_text())["test"]["auc"] for file in runs if f",{settings}/" in str(file)]
        assert row["test_by_seed"]["test.auc"] == pytest.approx(own, abs=1e-5)
    assert not any("full" in json.loads(file.read_text())["test"] for file in runs)
    lines = (places / "out/table.md").read_text().splitlines()
    head = "| model | data | model.dim | data.train_share | seeds | AUC (validation) | AUC | ACC | minutes | peak MB |"
    assert lines[0] == head and len(lines) == 6
    mean = rows[0]["mean"]
    assert lines[2].startswith(f"| DINK | synthetic | 2 | 0.5 | 1 | {mean['validation.auc']:.4f} | ")
    before = {file: file.stat().st_mtime_ns for file in runs}
    assert _sweep(places, *asked) == 0
    assert {file: file.stat().st_mtime_ns for file in runs} == before
    assert not (places / "out/figure.png").exists()


@pytest.mark.slow
def test_tensorboard_shows_every_run_with_its_settings(places):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    folders = sorted(path for path in (places / "out/hparams").iterdir() if path.is_dir())
    assert len(folders) == 4
    events = EventAccumulator(str(folders[0]))
    events.Reload()
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    found = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert found["model.dim"].number_value == 2 and found["data.train_share"].number_value == 0.5
    assert found["model"].string_value == "dink" and found["seed"].number_value == 1
    assert "test.auc" in events.Tags()["tensors"]


@pytest.mark.slow
def test_it_finds_what_is_done_and_adds_the_rest(places, capsys):
    asked = ["--set", "model.dim=2,4", "data.train_share=1", "--no-plot", "--seeds", "2"]
    assert _sweep(places, *asked) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 of 4 runs are done, 2 left")
    (line,) = [line for line in (places / "out/table.md").read_text().splitlines() if "| synthetic | 4 |" in line]
    assert re.search(r"\| 2 \| 0\.\d{4} ± ", line)


@pytest.mark.slow
def test_a_picture_of_a_line_for_every_other_setting(places):
    pytest.importorskip("matplotlib")
    assert _sweep(places, "--set", "model.dim=2,4", "data.train_share=0.5,1") == 0
    assert (places / "out/figure.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_is_one_line_before_any_work(places, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert _sweep(places, "--set", "model.dim=3,5") == 2
    line = "error: a picture needs matplotlib: pip install 'tfkgrec[plots]' (or sweep --no-plot)\n"
    assert capsys.readouterr().err.endswith(line)
    assert not list((places / "runs").glob("*model.dim=3*"))


def test_neither_a_figure_nor_settings_is_one_line(places, capsys):
    assert _sweep(places) == 2
    assert "expected --figure, or --set with several values" in capsys.readouterr().err
    assert _sweep(places, "--figure", "dink-9") == 2
    assert "--figure: expected one of dink-3, " in capsys.readouterr().err
