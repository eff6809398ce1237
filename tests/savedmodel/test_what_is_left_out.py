"""An export recommends nothing that the data hold of a user: training, validation and test rows, liked or not."""

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.planted import SETTINGS, run_train, served
from tfkgrec import export
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.data.records import Interactions
from tfkgrec.runs.id_files import read_seen
from tfkgrec.runs.run import prepare


@pytest.mark.parametrize("protocol", ["ctr", "top_n"])
def test_the_rows_of_every_part_are_left_out(tmp_path, protocol):
    rng = np.random.default_rng(0)
    users = [f"u{u}" for u in range(30)]
    rows = [(user, f"i{item}") for user in users for item in rng.choice(40, 12, replace=False)]
    ratings = pd.DataFrame(rows, columns=["user", "item"]).assign(rating=rng.integers(1, 6, len(rows)))
    ratings.assign(timestamp=np.arange(len(rows))).to_csv(tmp_path / "ratings.csv", index=False)
    (tmp_path / "triples.tsv").write_text("".join(f"i{item}\tby\tmaker {item % 4}\n" for item in range(40)))
    columns = {"rating": "rating", "timestamp": "timestamp"}
    data = {"dataset": "files", "interactions": "ratings.csv", "triples": "triples.tsv", "columns": columns}
    training = {"epochs": 1, "batch_size": 256, "jit_compile": False}
    sections = {"model": {"name": "mf", "dim": 4}, "training": training, "export": {"k_max": 40}}
    config = tmp_path / "config.yaml"
    config.write_text(
        yaml.safe_dump({**SETTINGS, **sections, "data": {**data, "positive_at": 4, "protocol": protocol}})
    )
    assert run_train(config, tmp_path / "run") == 0
    assert run_main(export.main, [str(tmp_path / "run"), "--export-dir", str(tmp_path / "export")]) == 0

    held = ratings.groupby("user")["item"].agg(set)
    with served(tmp_path / "export/mf") as client:
        answer = client.recommend(users, 40)
    in_data = set((tmp_path / "run/vocabularies/users.txt").read_text().split())  # the others have no positive at all
    assert len(in_data) > 20
    for user, ids in zip(users, answer.item_id, strict=True):
        if user in in_data:
            shown = set(ids) - {""}
            assert not shown & held[user]
            assert len(shown) == 40 - len(held[user])  # and nothing else is left out


def test_whom_training_does_not_know_is_answered_as_unknown(planted_run):
    """They are in the data, but all their positives were held out: their row of the model never learned."""
    seen = read_seen(planted_run / "vocabularies")
    prepared = prepare(load_config(planted_run / "config.yaml"))
    learned = prepared.splits.train_history.lengths > 0
    assert np.array_equal(seen.known, learned)
    assert not seen.known[0]
    pairs: Interactions = prepared.dataset.interactions
    assert np.array_equal(seen.items.lengths, np.bincount(pairs.user, minlength=prepared.dataset.users.size))
    assert sorted(seen.items.of(5).tolist()) == sorted(pairs.item[pairs.user == 5].tolist())
