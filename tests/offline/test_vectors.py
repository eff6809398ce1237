"""Vectors out: what they multiply to is what the command says, by the probabilities that a server gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.golden.record import RUNS
from tfkgrec import vectors
from tfkgrec.cli import run_main
from tfkgrec.offline.in_process import open_in_process
from tfkgrec.runs.served import served_model


@pytest.mark.parametrize("name", ["hkrm", "mf"])
def test_the_largest_products_are_the_recommendations(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, items, users = RUNS / name, tmp_path / "items.parquet", tmp_path / "users.jsonl"
    assert run_main(vectors.main, [str(run), "--output", str(items), "--users-output", str(users)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "items, vectors of " in said[0] and said[-1].startswith(
        "The dot product of a user's vector and an item's is"
    )
    item, user = pd.read_parquet(items), pd.read_json(users, lines=True)
    assert list(item) == list(user) == ["id", "name", "vector"] and item["name"].str.startswith("film ").all()
    product = np.stack(user["vector"].to_list()) @ np.stack(item["vector"].to_list()).T
    served = served_model(run)
    table = pd.DataFrame(served.model.probability(product).numpy(), index=user["id"], columns=item["id"])
    answer, seen = open_in_process(run).recommend(user["id"].tolist(), 5), served.seen.items
    for row, (best, scores) in enumerate(zip(answer.item_id, answer.score, strict=True)):
        ranked = table.iloc[row]
        assert ranked[best].to_numpy() == pytest.approx(scores, abs=1e-5)
        taken = seen.items[seen.offsets[row + 1] : seen.offsets[row + 2]]
        assert set(ranked[ranked > scores[-1] + 1e-5].index) - set(best) <= set(item["id"].to_numpy()[taken - 1])


def test_what_has_none_is_told(planted_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(vectors.main, [str(planted_run), "--output", str(tmp_path / "items.csv")]) == 2
    assert "--output: expected a file that ends in .parquet or .jsonl, found" in capsys.readouterr().err
    assert run_main(vectors.main, [str(planted_run), "--output", str(tmp_path / "items.parquet")]) == 0
    assert "is a part of the model's score" in capsys.readouterr().out
