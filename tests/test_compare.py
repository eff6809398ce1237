"""`tfkgrec compare`: the figures of runs, what really differs, and which settings."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfkgrec import compare
from tfkgrec.cli import run_main


@pytest.fixture
def worse(planted_run: Path, tmp_path: Path) -> Path:
    """The same run as if it had another width, and had put every pair the other way round."""
    run = shutil.copytree(planted_run, tmp_path / "worse", ignore=shutil.ignore_patterns("checkpoint", "tensorboard"))
    config, metrics = (run / name for name in ("config.yaml", "metrics.json"))
    config.write_text(config.read_text().replace("  dim: 8\n", "  dim: 9\n"))
    told = json.loads(metrics.read_text())
    told["test"]["auc"] = 1 - told["test"]["auc"]
    metrics.write_text(json.dumps(told))
    scores = dict(np.load(run / "test_scores.npz"))
    np.savez(run / "test_scores.npz", **{**scores, "score": -scores["score"]})
    return run


def test_what_differs_and_in_what(planted_run: Path, worse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    auc = json.loads((planted_run / "metrics.json").read_text())["test"]["auc"]
    assert run_main(compare.main, [str(planted_run), str(worse), str(planted_run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first, other, same = found["runs"]
    assert first["compared"] is None and first["test.auc"] == auc
    assert other["compared"]["difference"] == pytest.approx(1 - 2 * auc, abs=1e-5)
    low, high = other["compared"]["interval"]
    assert low < 1 - 2 * auc < high < 0 and other["compared"]["real"]
    assert same["compared"]["difference"] == 0 and not same["compared"]["real"]
    assert found["settings"] == {"model.dim": ["8", "9", "8"]}
    assert run_main(compare.main, [str(planted_run), str(worse)]) == 0
    printed = capsys.readouterr().out
    assert f"{1 - 2 * auc:+.4f} [" in printed and "] real" in printed
    assert printed.splitlines()[-1].split() == ["model.dim", "8", "9"]


def test_other_splits_are_not_compared(planted_run: Path, worse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads((worse / "data.json").read_text())
    told["digests"]["split"] = "another"
    (worse / "data.json").write_text(json.dumps(told))
    assert run_main(compare.main, [str(planted_run), str(worse)]) == 0
    assert "other split" in capsys.readouterr().out
    (worse / "config.yaml").unlink()
    assert run_main(compare.main, [str(planted_run), str(worse)]) == 2
    assert "expected a finished run, found no config.yaml" in capsys.readouterr().err
