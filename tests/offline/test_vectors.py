"""Vectors out: what they multiply to is what the command says, by the probabilities that a server gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.planted import TINY, run_train, write_config
from tfkgrec import vectors
from tfkgrec.cli import run_main
from tfkgrec.offline.in_process import open_in_process
from tfkgrec.runs.served import served_model


def test_the_largest_products_are_the_recommendations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lightgcn, uncalibrated: the sigmoid of the product is the probability."""
    config = write_config(tmp_path, model={"name": "lightgcn"}, training={"epochs": 2, "jit_compile": False})
    assert run_train(config, tmp_path / "run", overrides=[*TINY, "training.calibrate=false"]) == 0
    capsys.readouterr()
    items, users = tmp_path / "items.parquet", tmp_path / "users.jsonl"
    asked = [str(tmp_path / "run"), "--output", str(items), "--users-output", str(users)]
    assert run_main(vectors.main, asked) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("50 items, vectors of ") and said[-1].startswith("The dot product of a user's vector and")
    item, user = pd.read_parquet(items), pd.read_json(users, lines=True)
    assert list(item) == list(user) == ["id", "name", "vector"] and item["name"].str.startswith("film ").all()
    product = np.stack(user["vector"].to_list()) @ np.stack(item["vector"].to_list()).T
    probability = pd.DataFrame(1 / (1 + np.exp(-product)), index=user["id"], columns=item["id"])
    answer, seen = (
        open_in_process(tmp_path / "run").recommend(user["id"].tolist(), 5),
        served_model(tmp_path / "run").seen,
    )
    for row, (best, scores) in enumerate(zip(answer.item_id, answer.score, strict=True)):
        ranked = probability.iloc[row]
        assert ranked[best].to_numpy() == pytest.approx(scores, abs=1e-5)
        taken = seen.items.items[seen.items.offsets[row + 1] : seen.items.offsets[row + 2]]
        assert set(ranked[ranked > scores[-1] + 1e-5].index) - set(best) <= set(item["id"].to_numpy()[taken - 1])


def test_what_has_none_is_told(planted_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(vectors.main, [str(planted_run), "--output", str(tmp_path / "items.csv")]) == 2
    assert "--output: expected a file that ends in .parquet or .jsonl, found" in capsys.readouterr().err
    assert run_main(vectors.main, [str(planted_run), "--output", str(tmp_path / "items.parquet")]) == 0
    assert "is a part of the model's score" in capsys.readouterr().out
