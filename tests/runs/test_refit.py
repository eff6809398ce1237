"""An export of everything that there is, for the epochs that validation chose, and a card that says so."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.planted import run_train, served, write_config
from tfkgrec import export
from tfkgrec.cli import run_main
from tfkgrec.errors import InputError
from tfkgrec.runs.id_files import read_seen
from tfkgrec.runs.refit import best_epochs

OVERRIDES = ["training.epochs=3", "data.synthetic.users=40", "data.synthetic.items=30"]
OVERRIDES += ["data.synthetic.positives_per_user=4"]


def test_a_refitted_export_knows_whom_and_what_the_judged_one_had_held_out(tmp_path, capsys):
    run = tmp_path / "run"
    config = write_config(tmp_path, model={"name": "mf", "dim": 4})
    assert run_train(config, run, overrides=OVERRIDES) == 0
    before = sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*"))
    for flag in ([], ["--refit"]):
        assert run_main(export.main, [str(run), "--export-dir", str(tmp_path / "export"), *flag]) == 0
    assert sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*")) == before

    (chosen,) = best_epochs(run / "history.csv")
    assert f"epoch {chosen}/{chosen}" in capsys.readouterr().out
    cards = [tmp_path / f"export/cards/mf/{version}/model_card" for version in (1, 2)]
    told = ["the training split", f"all interactions for {chosen} epochs chosen on validation"]
    for card, on in zip(cards, told, strict=True):
        assert json.loads(card.with_name("model_card.json").read_text())["trained_on"] == on
        text = card.with_name("model_card.md").read_text()
        assert f"trained on {on}." in text
        assert ("of the same model trained on the training split" in text) == (on == told[1])

    seen = read_seen(run / "vocabularies")
    users = (run / "vocabularies/users.txt").read_text().splitlines()
    held_out = [users[number - 1] for number in np.flatnonzero(~seen.known[1:]) + 1]
    assert held_out  # the judged model does not know them
    with served(tmp_path / "export/mf") as client:  # the latest
        answer = client.recommend(users, 30)
    assert answer.version == 2 and answer.known.all()
    items = np.array(["", *(run / "vocabularies/items.txt").read_text().splitlines()], object)
    for number, shown in enumerate(answer.item_id, 1):
        assert not set(items[seen.items.of(number)]) & set(shown)


def test_the_epochs_of_every_stage_are_counted_from_its_beginning(tmp_path):
    rows = [(1, 0, 0.1, 0.5), (2, 0, 0.2, 0.7), (3, 0, 0.9, 0.7), (4, 1, 0.3, 0.6), (5, 1, 0.3, 0.8), (6, 1, 0.4, 0.7)]
    history = tmp_path / "history.csv"
    pd.DataFrame(rows, columns=["epoch", "stage", "auc", "val_auc"]).to_csv(history, index=False)
    assert best_epochs(history) == (2, 2)
    history.unlink()
    with pytest.raises(InputError, match="expected the epochs of a run, found no such file"):
        best_epochs(history)
