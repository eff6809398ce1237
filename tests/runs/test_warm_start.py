"""Next week's model starts from last week's weights: told apart by raw ids, in a planted world that has grown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.cases.small_models import small_model
from tests.planted import run_train
from tfkgrec import registry
from tfkgrec.config import build_config
from tfkgrec.data.kin import Kin
from tfkgrec.datasets.load import load_raw
from tfkgrec.models.build import build_model
from tfkgrec.runs.run import load_run, prepare
from tfkgrec.runs.warm_start import names_of, start_from, take_over
from tfkgrec.training.backend import seed_everything

MODEL = {"name": "hkrm", "dim": 8, "user_item_dot": True, "item_bias": True, "fields": None}
TRAINING = {"epochs": 8, "batch_size": 512, "learning_rate": 2e-2, "jit_compile": False}


def config(folder: Path, name: str, ratings: pd.DataFrame, **training: object) -> Path:
    ratings.to_csv(folder / f"{name}.csv", index=False)
    data = {"dataset": "files", "interactions": f"{name}.csv", "triples": "triples.csv"}
    sections = {"model": MODEL, "data": data, "training": {**TRAINING, **training}}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**sections, "evaluation": {"floors": ["popularity"]}}))
    return path


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world, and a run of the part of it that was there last week: without some users and some items."""
    folder = tmp_path_factory.mktemp("weeks")
    given = {"model": {"name": "mf"}, "data": {"dataset": "synthetic", "synthetic": {"users": 200, "items": 120}}}
    raw = load_raw(build_config(given).data, 0)
    raw.triples.to_csv(folder / "triples.csv", index=False)
    pairs = raw.interactions[["user", "item"]].merge(raw.item_links, on="item")
    pairs = pairs.assign(item=pairs["entity"])[["user", "item"]]
    users, items = (np.sort(pairs[column].unique()) for column in ("user", "item"))
    old = pairs[pairs["user"].isin(users[::2]) | pairs["user"].isin(users[1::4])]
    old = old[~old["item"].isin(items[::12])]
    assert old["user"].nunique() < len(users) and old["item"].nunique() < len(items)
    assert run_train(config(folder, "old", old), folder / "old") == 0
    config(folder, "new", pairs, epochs=1)
    return folder


def test_its_first_epoch_is_ahead_of_a_cold_start(weeks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_train(weeks / "new.yaml", weeks / "cold") == 0
    capsys.readouterr()
    assert run_train(weeks / "new.yaml", weeks / "warm", "--from", str(weeks / "old")) == 0
    known = len((weeks / "old/vocabularies/users.txt").read_text().splitlines())
    assert f"{known} of 200 users are known, 110 of 120 items are known" in capsys.readouterr().out
    cold, warm = (pd.read_csv(weeks / name / "history.csv")["val_auc"][0] for name in ("cold", "warm"))
    assert warm > cold + 0.05


def test_known_rows_are_kept_and_new_ones_are_like_their_kin(weeks: Path) -> None:
    settings, _, _ = load_run(weeks / "old")
    prepared = prepare(build_config(yaml.safe_load((weeks / "new.yaml").read_text()), data_dir=weeks))
    model = prepared.model(prepared.settled(settings))
    start_from(model, "hkrm", prepared.dataset, weeks / "old")
    before, dataset = load_run(weeks / "old")[2], prepared.dataset
    theirs, mine = (np.asarray(one.entity_embedding.embeddings) for one in (before, model))
    ids = {text: row + 1 for row, text in enumerate((weeks / "old/vocabularies/items.txt").read_text().splitlines())}
    vectors = {}
    for row in range(1, dataset.items.size):
        if dataset.items.raw[row] in ids:
            vectors[row] = theirs[ids[dataset.items.raw[row]]]
            np.testing.assert_array_equal(mine[row], vectors[row])
    wanted, known = np.array(mine), np.isin(np.arange(len(mine)), list(vectors))
    strangers = ~known & (np.arange(len(mine)) > 0) & (np.arange(len(mine)) < dataset.items.size)
    assert strangers.sum() == 10
    Kin.of(dataset.graph, dataset.num_items).fill(wanted, known, strangers)
    np.testing.assert_array_equal(mine[strangers], wanted[strangers])
    users = {text: row + 1 for row, text in enumerate((weeks / "old/vocabularies/users.txt").read_text().splitlines())}
    theirs, mine = (np.asarray(one.user_embedding.embeddings) for one in (before, model))
    new = [row for row in range(1, dataset.users.size) if dataset.users.raw[row] not in users]
    assert len(new) >= 50
    np.testing.assert_allclose(mine[new], np.tile(theirs[1:].mean(axis=0), (len(new), 1)), atol=1e-6)
    np.testing.assert_array_equal(mine[0], theirs[0])


@pytest.mark.parametrize("name", [name for name, spec in registry.models().items() if spec.stages and name != "fusion"])
def test_on_the_same_data_every_weight_with_an_id_or_none_is_taken_over(name: str) -> None:
    small = small_model(name)
    seed_everything(5)
    model = build_model(small.settings, small.dataset, small.protocol.splits.train_history, 5)
    take_over(model, small.model, names_of(small.dataset), small.dataset, "here")
    for weight, known in zip(model.trainable_weights, small.model.trainable_weights, strict=True):
        found, expected = np.asarray(weight), np.asarray(known)
        if name in ("cke", "lightgcn") and "entity_embedding" in weight.path:  # no names of entities: the items alone
            found, expected = found[: small.dataset.items.size], expected[: small.dataset.items.size]
        np.testing.assert_array_equal(found, expected, err_msg=weight.path)


def test_what_does_not_fit_is_one_line(weeks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = yaml.safe_load((weeks / "new.yaml").read_text())
    for model, message in (
        ({**MODEL, "dim": 9}, "expected shape (9,) of a row, found (8,)"),
        ({"name": "mf"}, "expected a run of mf, found one of hkrm"),
        ({"name": "fusion", "members": ["mf", "counts"]}, "expected a model that is not made of others, found fusion"),
    ):
        path = weeks / "other.yaml"
        path.write_text(yaml.safe_dump({**given, "model": model}))
        assert run_train(path, tmp_path / "run", "--from", str(weeks / "old")) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
