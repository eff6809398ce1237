"""What CONTRIBUTING.md tells about adding a model works: its blocks, installed as a package of somebody else's."""

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.outside import installed_package
from tests.planted import run_train, served
from tfkgrec import benchmark, evaluate, explain, export, registry
from tfkgrec.benchmarks.speed import SpeedJob
from tfkgrec.cli import run_main
from tfkgrec.config import load_config

PAGE = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text()
BLOCKS = dict(re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```", PAGE, re.M | re.S))
SMALL = "data: {dataset: synthetic, synthetic: {users: 80, items: 50, positives_per_user: 10}}"
RUN = [
    "training.epochs=10",
    "training.learning_rate=5e-2",
    "training.jit_compile=false",
    "evaluation.floors=[popularity]",
    "export.k_max=5",
]


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """The package popular_model, as the page says how."""
    files = {
        Path(name).name: text.replace("tfkgrec.models.popular", "popular_model")
        for name, text in BLOCKS.items()
        if name.endswith(".py")
    }
    points = tomllib.loads(BLOCKS["pyproject.toml"])["project"]["entry-points"]
    with installed_package(tmp_path_factory.mktemp("site-packages"), "popular_model", files, points) as folder:
        yield folder


@pytest.fixture(scope="module")
def configs(outside, tmp_path_factory) -> Path:
    """Its config, for data that need no files."""
    folder = tmp_path_factory.mktemp("popular") / "configs"
    (folder / "popular").mkdir(parents=True)
    text = re.sub(r"^data:\n(  .*\n)+", SMALL + "\n", BLOCKS["configs/popular/lastfm.yaml"], flags=re.M)
    (folder / "popular/synthetic.yaml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def run(configs) -> Path:
    folder = configs.parent / "run"
    assert run_train(configs / "popular/synthetic.yaml", folder, overrides=RUN) == 0
    return folder


def test_every_file_that_the_page_names_has_its_block():
    assert set(BLOCKS) == {
        *(f"tfkgrec/models/popular/{name}.py" for name in ("__init__", "settings", "model", "build", "explain_text")),
        "configs/popular/lastfm.yaml",
        "tests/models/popular/test_model.py",
        "pyproject.toml",
    }


def test_its_config_loads(outside, tmp_path):
    path = tmp_path / "lastfm.yaml"
    path.write_text(BLOCKS["configs/popular/lastfm.yaml"])
    assert load_config(path).model == registry.model("popular").settings(weight=0.5)


def test_its_test_passes(outside):
    tests = importlib.import_module("popular_model.test_model")
    found = [name for name in dir(tests) if name.startswith("test_")]
    assert found
    for name in found:
        getattr(tests, name)()


def test_it_is_trained_and_evaluated(run, capsys):
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["model"] == "popular"
    assert metrics["test"]["auc"] > 0.55  # it has learned what is popular
    assert run_main(evaluate.main, [str(run)]) == 0
    assert "popular on synthetic" in capsys.readouterr().out


def test_it_is_exported_served_and_explained(run, tmp_path, capsys):
    assert run_main(export.main, [str(run), "--export-dir", str(tmp_path)]) == 0
    user, item = (first_line(run / f"vocabularies/{name}.txt") for name in ("users", "items"))
    with served(tmp_path / "popular") as client:
        assert client.recommend([user], 5).known.all()
        arguments = ["--target", client.target, "--model", "popular", "--user", user, "--item", item]
        assert run_main(explain.main, arguments) == 0
    from_server = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r".+ \(probability 0\.\d+\): \d+ facts are known of it", from_server)
    assert run_main(explain.main, [str(run), "--user", user, "--item", item]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == from_server


def first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0]


def test_its_quality_is_measured(configs, outside, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONPATH", f"{outside}:{Path(__file__).parent.parent}")  # every run is a process of its own
    folders = ["--configs", str(configs), "--runs", str(configs.parent / "runs")]
    asked = ["quality", "--models", "popular", "--seeds", "1", "--ablations", *folders]
    assert run_main(benchmark.main, [*asked, "--set", *RUN]) == 0
    printed = capsys.readouterr().out
    for label in ("tuned, fixed negatives", "tuned, fresh negatives", "tuned, no-facts"):
        assert f"\nPopular, {label} " in printed
    assert run_main(benchmark.main, [*asked, "--datasets", "lastfm"]) == 2
    line = capsys.readouterr().err
    assert line.endswith("popular/lastfm.yaml: expected the settings of popular on lastfm, found no such file\n")


@pytest.mark.slow
def test_its_speed_is_measured(outside, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{outside}:{Path(__file__).parent.parent}")
    small = ("training.batch_size=256", "training.jit_compile=false")
    row = SpeedJob("popular", "synthetic", 0.2, overrides=small).measure()
    assert row.model == "popular" and row.train_examples_per_second > 0
