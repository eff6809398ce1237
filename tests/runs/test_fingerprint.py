"""A run is judged and resumed on the data that it was trained on, or not at all."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.planted import SETTINGS, run_train
from tfkgrec import evaluate, export
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.data.history import History
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.errors import InputError
from tfkgrec.runs import run as run_module
from tfkgrec.runs.fingerprint import digest_arrays, digest_rows
from tfkgrec.runs.run import prepare

TINY = ["training.epochs=2", "model.dim=4"]
OLD = [*TINY, "data.split_version=1"]


def write_files(folder: Path, ratings: pd.DataFrame, triples: pd.DataFrame) -> Path:
    """One's own files and a config of them, which says nothing of its version."""
    folder.mkdir(parents=True, exist_ok=True)
    ratings.to_csv(folder / "ratings.csv", index=False)
    triples.to_csv(folder / "triples.tsv", sep="\t", index=False)
    data = {"dataset": "files", "interactions": "ratings.csv", "triples": "triples.tsv", "unlinked_items": "drop"}
    path = folder / "config.yaml"
    sections = {"model": {"name": "kgcn"}, "data": {**data, "columns": {"timestamp": "timestamp"}}}
    path.write_text(yaml.safe_dump({**SETTINGS, **sections}))
    return path


@pytest.fixture(scope="module")
def world():
    raw, _ = draw_world(60, 50, 10, seed=4)
    return raw.interactions[["user", "item", "timestamp"]], raw.triples


@pytest.fixture(scope="module")
def trained(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    assert run_train(write_files(folder, *world), folder / "run", overrides=TINY) == 0
    return folder


@pytest.fixture(scope="module")
def trained_before(world, tmp_path_factory):
    """As before there was a second version: the run's config names none."""
    folder = tmp_path_factory.mktemp("old")
    assert run_train(write_files(folder, *world), folder / "run", overrides=OLD) == 0
    config = folder / "run/config.yaml"
    text = config.read_text()
    assert "  split_version: 1\n" in text
    config.write_text(text.replace("  split_version: 1\n", ""))
    return folder


def copied(folder: Path, to: Path) -> Path:
    """A run with its files, to be changed."""
    shutil.copytree(folder, to)
    config = to / "run/config.yaml"
    config.write_text(config.read_text().replace(str(folder), str(to)))
    return to


@pytest.fixture
def own(trained, tmp_path):
    return copied(trained, tmp_path / "own")


@pytest.fixture
def old(trained_before, tmp_path):
    return copied(trained_before, tmp_path / "old")


def judged(folder: Path) -> dict:
    """Its figures of test."""
    return json.loads((folder / "run/metrics.json").read_text())["test"]


def content(folder: Path) -> dict[str, str]:
    """Digest of every file below."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest() for path in files}


def rename_user(ratings, triples):
    return ratings.replace({"user": {ratings["user"][0]: "somebody else"}}), triples


def add_user(ratings, triples):
    more = ratings.head(5).assign(user="a new one")
    return pd.concat([ratings, more], ignore_index=True), triples


def drop_a_row(ratings, triples):
    return ratings.drop(index=7), triples


def reverse_rows(ratings, triples):
    return ratings.iloc[::-1], triples


def drop_a_triple(ratings, triples):
    return ratings, triples.drop(index=11)


def move_in_time(ratings, triples):
    return ratings.assign(timestamp=ratings["timestamp"].to_numpy()[::-1]), triples


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (rename_user, "users differ"),
        (add_user, r"users \(61, as against 60\) differ"),
        (drop_a_row, r"interactions \(\d+, as against \d+\) differ"),
        (move_in_time, "interactions differ"),
        (drop_a_triple, r"triples \(\d+, as against \d+\) differ"),
    ],
)
def test_other_data_are_refused_and_nothing_is_touched(own, world, capsys, change, told):
    write_files(own, *change(*world))
    before = content(own / "run")
    capsys.readouterr()
    for command in (
        lambda: run_main(evaluate.main, [str(own / "run")]),
        lambda: run_train(own / "config.yaml", own / "run", "--resume", overrides=[*TINY, "training.epochs=3"]),
    ):
        assert command() == 2
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert line.startswith(f"error: {own / 'run'}: expected the data that this run was trained on (")
        assert pd.Series([line]).str.contains(told).all(), line
        assert content(own / "run") == before


def test_the_same_data_are_judged_to_the_same_figures_and_resumed_in_any_order_of_rows(own, world):
    figures, ids = judged(own), content(own / "run/vocabularies")
    write_files(own, *(table.sample(frac=1, random_state=5) for table in world))
    assert run_main(evaluate.main, [str(own / "run")]) == 0
    assert judged(own) == pytest.approx(figures)
    assert run_train(own / "config.yaml", own / "run", "--resume", overrides=[*TINY, "training.epochs=3"]) == 0
    assert content(own / "run/vocabularies") == ids


def test_a_run_that_names_no_version_is_of_the_first(old, world, capsys):
    """It is judged and resumed as it was made, on its rows in their order."""
    figures = judged(old)
    assert run_main(evaluate.main, [str(old / "run")]) == 0
    assert judged(old) == pytest.approx(figures)
    assert run_train(old / "config.yaml", old / "run", "--resume", overrides=TINY) == 2
    assert "data.split_version: expected 1, as the run in" in capsys.readouterr().err
    assert run_train(old / "config.yaml", old / "run", "--resume", overrides=[*OLD, "training.epochs=3"]) == 0
    write_files(old, *reverse_rows(*world))
    assert run_main(evaluate.main, [str(old / "run")]) == 2
    assert "found others: split differ" in capsys.readouterr().err


def test_a_resume_that_fails_leaves_the_run_as_it_was(own, monkeypatch):
    def fail(*_, **__):
        raise InputError("no room")

    before = content(own / "run")
    monkeypatch.setattr(run_module, "fit", fail)
    assert run_train(own / "config.yaml", own / "run", "--resume", overrides=[*TINY, "training.epochs=9"]) == 2
    assert content(own / "run") == before


def test_other_data_are_judged_on_purpose_with_the_runs_ids(own, world, capsys):
    """Next month's file: all that there was and some more, of users and items that the run knows or does not know."""
    ratings, triples = world
    ratings = ratings[ratings["item"].isin(triples["head"])]  # the run has left out the others
    users, items = ratings["user"].unique()[:20], ratings["item"].unique()
    held = set(zip(ratings["user"], ratings["item"], strict=True))
    fresh = [(user, item) for user in users for item in items[:12] if (user, item) not in held]
    strangers = [(f"new {n}", item) for n in range(3) for item in items[:4]]
    rows = pd.DataFrame([*fresh, *strangers, (users[0], "new item")], columns=["user", "item"]).assign(timestamp=10**9)
    pd.concat([rows, ratings]).to_csv(own / "april.csv", index=False)
    (own / "ratings.csv").unlink()  # the run's own rows are not needed
    before = content(own / "run")
    assert run_main(evaluate.main, [str(own / "run"), "--data", str(own / "april.csv"), "--top-k"]) == 0
    told = capsys.readouterr().out
    after = content(own / "run")
    assert after.keys() - before.keys() == {"metrics-april.json"}
    assert {name: after[name] for name in before} == before
    found = json.loads((own / "run/metrics-april.json").read_text())
    new = len(fresh) + len(strangers)
    assert told.startswith(
        f"{new} of {new + 1 + len(ratings)} rows are new: {len(ratings)} are in the run's data, 1 are "
    )
    counts = found["data"]
    assert (counts["new_rows"], counts["known_rows"]) == (new, len(ratings))
    assert (counts["users"], counts["unknown_users"]) >= (23, 3)
    assert 0 < found["test"]["auc"] < 1 and found["test"]["full"]["users"] == counts["users"]
    assert "auc" in found["floors"]["popularity"] and "acc" not in found["floors"]["popularity"]
    nothing_new = [str(own / "run"), "--data", str(own / "old.csv")]
    ratings.to_csv(own / "old.csv", index=False)
    assert run_main(evaluate.main, nothing_new) == 2
    assert "expected positives that the run's data do not hold, found none among" in capsys.readouterr().err


def test_a_run_without_digests_is_held_to_its_ids(old, world, capsys):
    """As version 0.1 left them."""
    (old / "run/data.json").unlink()
    learned = prepare(load_config(old / "config.yaml", OLD)).protocol.splits.train_history
    np.savez(old / "run/vocabularies/seen.npz", offsets=learned.offsets, items=learned.items)
    assert run_main(evaluate.main, [str(old / "run")]) == 0
    for change, told in ((rename_user, "users (60, as against 60) differ"), (reverse_rows, "training positives (")):
        write_files(old, *change(*world))
        capsys.readouterr()
        assert run_main(evaluate.main, [str(old / "run")]) == 2
        assert told in capsys.readouterr().err


def test_an_export_after_a_refused_resume_serves_the_runs_own_ids(own, world):
    write_files(own, *rename_user(*world))
    assert run_train(own / "config.yaml", own / "run", "--resume", overrides=TINY) == 2
    assert run_main(export.main, [str(own / "run"), "--export-dir", str(own / "export")]) == 0
    served = (own / "export/kgcn/1/assets/users.txt").read_text()
    assert "somebody else" not in served


def test_digests_see_order_where_it_counts():
    a, b = np.array([1, 2, 3]), np.array([4, 5, 6])
    assert digest_rows(a, b) == digest_rows(a[::-1], b[::-1])
    assert digest_rows(a, b) != digest_rows(a, b[::-1])
    one, other = History(a, np.array([0, 1, 3])), History(a, np.array([0, 2, 3]))
    assert digest_arrays(one) != digest_arrays(other)
    assert digest_arrays(one, more=1) != digest_arrays(one, more=2)
