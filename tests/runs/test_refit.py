"""An export of everything that there is, for the epochs that validation chose, and a card that says so."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from tests.planted import run_train, served, write_config
from tfkgrec import export, registry
from tfkgrec.cli import run_main
from tfkgrec.config import build_config
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.protocols import ctr
from tfkgrec.runs.id_files import read_seen, read_texts
from tfkgrec.runs.refit import best_epochs, check_final_fit
from tfkgrec.runs.run import prepare

OVERRIDES = ["training.epochs=3", "data.synthetic.users=40", "data.synthetic.items=30"]
OVERRIDES += ["data.synthetic.positives_per_user=4"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`run`, and `export/mf` with its judged model as version 1 and the refitted one as version 2."""
    home = tmp_path_factory.mktemp("refit")
    assert run_train(write_config(home, model={"name": "mf", "dim": 4}), home / "run", overrides=OVERRIDES) == 0
    before = sorted((path, path.stat().st_mtime_ns) for path in (home / "run").rglob("*"))
    for flag in ([], ["--refit"]):
        assert run_main(export.main, [str(home / "run"), "--export-dir", str(home / "export"), *flag]) == 0
    assert sorted((path, path.stat().st_mtime_ns) for path in (home / "run").rglob("*")) == before
    return home


def told(folder):
    (chosen,) = best_epochs(folder / "run/history.csv")
    return f"all interactions for {chosen} epochs chosen on validation"


def card(repository, version):
    return json.loads((repository / f"cards/mf/{version}/model_card.json").read_text())


def test_a_card_says_what_was_learned(folder):
    for version, on in (1, "the training split"), (2, told(folder)):
        assert card(folder / "export", version)["trained_on"] == on
        text = (folder / f"export/cards/mf/{version}/model_card.md").read_text()
        assert f"trained on {on}." in text
        assert ("of the same model trained on the training split" in text) == (version == 2)


def test_a_refitted_export_knows_whom_and_what_the_judged_one_had_held_out(folder):
    seen = read_seen(folder / "run/vocabularies")
    users = read_texts(folder / "run/vocabularies/users.txt")
    held_out = [users[number - 1] for number in np.flatnonzero(~seen.known[1:]) + 1]
    assert held_out  # the judged model does not know them
    with served(folder / "export/mf") as client:  # the latest
        answer = client.recommend(users, 30)
    assert answer.version == 2 and answer.known.all()
    items = np.array(["", *read_texts(folder / "run/vocabularies/items.txt")], object)
    for number, shown in enumerate(answer.item_id, 1):
        assert not set(items[seen.items.of(number)]) & set(shown)


def test_a_final_fit_exports_what_refit_does_and_leaves_the_figures_alone(folder, tmp_path, capsys):
    run, repository = tmp_path / "final", tmp_path / "export"
    settings = [*OVERRIDES, "training.final_fit=true"]
    assert run_train(folder / "config.yaml", run, "--export-dir", str(repository), overrides=settings) == 0
    assert f"final fit: on {told(folder)}\n" in capsys.readouterr().out
    figures = [json.loads((one / "metrics.json").read_text())["test"] for one in (folder / "run", run)]
    assert figures[0] == figures[1] == card(repository, 1)["metrics"]["test"]
    assert card(repository, 1)["trained_on"] == told(folder)

    users = read_texts(run / "vocabularies/users.txt")
    answers = []
    for base in (folder / "export/mf", repository / "mf"):
        with served(base) as client:
            answers.append(client.recommend(users, 30))
    assert answers[1].known.all()
    assert answers[0].item_id.tolist() == answers[1].item_id.tolist()
    np.testing.assert_allclose(answers[0].score, answers[1].score, atol=1e-6)

    (run / "final.keras").unlink()  # as in a run that was killed before
    assert run_main(export.main, [str(run), "--export-dir", str(repository)]) == 2
    assert f"{run}: expected final.keras, as training.final_fit asks for, found none (" in capsys.readouterr().err
    assert run_train(folder / "config.yaml", run, "--resume", overrides=settings) == 0
    assert (run / "final.keras").exists()


def test_a_final_fit_that_cannot_be_is_refused_before_any_training(tmp_path, monkeypatch):
    settings = ["training.final_fit=true", "model.name=hkrm", f"pretraining.vectors={tmp_path}/v.npz"]
    config = build_config({"model": {}, "data": {"dataset": "synthetic"}}, settings, data_dir=tmp_path)
    prepared = prepare(config)
    vectors = np.zeros((prepared.dataset.items.size, 4), np.float32)
    PretrainedEmbeddings(item=vectors).save(config.pretraining.vectors, prepared.dataset, prepared.splits.train_history)
    with pytest.raises(InputError, match="v.npz: expected item vectors learned from this split's training positives"):
        check_final_fit(config, prepared.dataset)

    monkeypatch.setattr(ctr, "SPEC", dataclasses.replace(ctr.SPEC, whole=None))
    registry.forget()
    try:
        with pytest.raises(
            InputError, match="--set training.final_fit=true: training.final_fit: expected false with da"
        ):
            build_config({"model": {"name": "mf"}, "data": {"dataset": "synthetic"}}, settings[:1])
    finally:
        monkeypatch.undo()
        registry.forget()


def test_the_epochs_of_every_stage_are_counted_from_its_beginning(tmp_path):
    rows = [(1, 0, 0.1, 0.5), (2, 0, 0.2, 0.7), (3, 0, 0.9, 0.7), (4, 1, 0.3, 0.6), (5, 1, 0.3, 0.8), (6, 1, 0.4, 0.7)]
    history = tmp_path / "history.csv"
    pd.DataFrame(rows, columns=["epoch", "stage", "auc", "val_auc"]).to_csv(history, index=False)
    assert best_epochs(history) == (2, 2)
    history.unlink()
    with pytest.raises(InputError, match="expected the epochs of a run, found no such file"):
        best_epochs(history)
