"""A search: on validation alone, gone on with, its best a config that trains; mistakes are one line."""

import csv
import shutil
import socket
import subprocess
import sys

import optuna
import pytest
import yaml

from tfkgrec import tune
from tfkgrec.benchmarks.search import Search
from tfkgrec.benchmarks.search_space import Choice, read_space
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.errors import InputError
from tfkgrec.protocols.ctr.protocol import CtrProtocol

CONFIG = """
model: {name: mf, dim: 4}
data: {dataset: synthetic, synthetic: {users: 60, items: 50, positives_per_user: 8}}
training: {epochs: 3, batch_size: 256, jit_compile: false}
"""
SPACE = "model.dim: [2, 4]\nmodel.l2: {log: [1e-5, 1e-1]}\n"


@pytest.fixture
def search(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "space.yaml").write_text(SPACE)

    def refused(*_):
        raise AssertionError("a search reads no test split")

    monkeypatch.setattr(CtrProtocol, "evaluate", refused)

    def go(trials: int) -> int:
        files = ["--config", str(tmp_path / "config.yaml"), "--space", str(tmp_path / "space.yaml")]
        return run_main(tune.main, [*files, "--trials", str(trials), "--study-dir", str(tmp_path / "study")])

    return go


def trials(tmp_path) -> list[dict[str, str]]:
    with open(tmp_path / "study/trials.csv") as file:
        return list(csv.DictReader(file))


def test_it_goes_on_and_its_best_is_a_config_that_runs(search, tmp_path, capsys):
    assert search(2) == 0
    before = trials(tmp_path)
    assert [row["state"] for row in before] == ["complete"] * 2
    assert search(3) == 0
    rows = trials(tmp_path)
    assert rows[:2] == before and len(rows) == 3
    best = max(rows, key=lambda row: float(row["validation"]))
    config = load_config(tmp_path / "study/best.yaml")
    assert (config.model.dim, f"{config.model.l2:.6g}") == (int(best["model.dim"]), f"{float(best['model.l2']):.6g}")
    assert f"best of 3: {float(best['validation']):.4f} on validation, trial {best['trial']}" in capsys.readouterr().out
    assert len(list((tmp_path / "study/hparams").glob("trial-*"))) == 3
    assert not list((tmp_path / "study").glob(".*"))
    assert search(3) == 0 and trials(tmp_path) == rows  # nothing left to do
    (tmp_path / "space.yaml").write_text(SPACE.replace("4", "8"))
    assert search(4) == 2
    assert "expected the config and the space that this study began with" in capsys.readouterr().err


def test_what_does_not_promise_is_cut_off_and_what_fails_is_kept(search, tmp_path, monkeypatch, capsys):
    class Never(optuna.pruners.BasePruner):
        def prune(self, study, trial):
            return trial.last_step == 2

    monkeypatch.setattr(optuna.pruners, "MedianPruner", lambda *_: Never())
    assert search(1) == 2
    assert [row["state"] for row in trials(tmp_path)] == ["pruned"]
    assert "expected a trial that ends, found none of 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("model.dim: {log: [0, 1]}", "expected the lower first and above 0"),
        ("model.dim: {int: [4, 2]}", "expected the lower first, found"),
        ("model.dim: {sqrt: [1, 2]}", "expected a list of values, or log"),
        ("model.dim: 3", "expected a list of values, or log"),
        ("[1, 2]", "expected lines such as"),
        ("a: [", "expected YAML"),
    ],
)
def test_a_space_that_is_none_is_one_line(tmp_path, text, line):
    (tmp_path / "space.yaml").write_text(text)
    with pytest.raises(InputError, match=line):
        read_space(tmp_path / "space.yaml")


def test_ranges_are_numbers_however_yaml_reads_them(tmp_path):
    (tmp_path / "space.yaml").write_text(yaml.safe_dump({"model.l2": {"log": ["1e-6", 1]}, "model.dim": [1, None]}))
    assert read_space(tmp_path / "space.yaml") == [
        Choice("model.dim", "one_of", (1, None)),
        Choice("model.l2", "log", (1e-6, 1.0)),
    ]


@pytest.mark.parametrize("key", ["data.k_core", "training.seed"])
def test_the_data_are_not_searched(search, tmp_path, key, capsys):
    (tmp_path / "space.yaml").write_text(f"{key}: [1, 2]\n")
    assert search(1) == 2
    assert "expected settings of the model and its training" in capsys.readouterr().err


def test_a_killed_search_ends_as_one_that_nobody_disturbed(search, tmp_path):
    """A trial of a process that is no more is marked, counts as none, and its successor tries the same."""
    assert search(1) == 0
    undisturbed = trials(tmp_path)
    shutil.rmtree(tmp_path / "study")
    (tmp_path / "study").mkdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = Search(tmp_path / "study", lambda _: None, []).study().ask()
    left.set_user_attr("process", [socket.gethostname(), gone.pid])
    assert search(1) == 0
    killed, done = trials(tmp_path)
    assert killed["state"] == "killed" and {**done, "trial": "0"} == undisturbed[0]
