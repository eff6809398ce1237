"""Every model from a config to sentences: trained, measured again, exported, served, asked, explained.

All exports are in one server. What is particular to one model's answers stands in its own tests.
"""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.cases.small_models import small_config
from tests.golden.record import MODELS as GOLDEN_MODELS
from tests.golden.record import TRAINED, differences, recorded, trained
from tests.planted import run_train
from tfkgrec import evaluate, export, registry
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.client.errors import CallError
from tfkgrec.models.explain_text import explain_text
from tfkgrec.runs.id_files import ENTITY_NAMES, ITEMS, RELATION_NAMES, USERS, read_seen
from tfkgrec.runs.run import load_run
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer
from tfkgrec.training.run_directory import RunDirectory

MODELS = list(registry.models())
TOLERANCE = 1e-5
K = 5
STRANGER = "nobody"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`<model>/`, the run of a small training of every model: its golden one where there is one."""
    home = tmp_path_factory.mktemp("runs")
    for name in MODELS:
        config, settings = home / f"{name}.yaml", small_config(name)
        if "members" in settings["model"]:
            settings["model"]["members"] = ["mf", "counts"]  # the quickest to train
        config.write_text(yaml.safe_dump(settings))
        assert run_train(config, home / name, overrides=[f"export.k_max={K}"]) == 0
    return home


@pytest.fixture(scope="module")
def server(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """`export` itself compares every signature with the model in memory, and refuses to publish what differs."""
    home = tmp_path_factory.mktemp("exports")
    for name in MODELS:
        assert run_main(export.main, [str(runs / name), "--export-dir", str(home)]) == 0
        shutil.rmtree(home / name / "1/assets.extra")  # has been replayed once, and takes seconds
    manager = ModelManager([ModelConfig(name, home / name) for name in MODELS])
    with ModelServer(manager, port=0, poll_seconds=0) as running:
        yield running


@pytest.fixture
def client(server: ModelServer, name: str) -> Iterator[Client]:
    with Client(server.address, name, timeout=60) as asking:
        yield asking


def lines(runs: Path, name: str, file: str) -> list[str]:
    return (runs / name / "vocabularies" / file).read_text(encoding="utf-8").splitlines()


def known_users(runs: Path, name: str) -> list[str]:
    """Three users of whom training saw something, and a stranger."""
    known = read_seen(runs / name / "vocabularies").known
    return [lines(runs, name, USERS)[u - 1] for u in np.flatnonzero(known)[:3]] + [STRANGER]


@pytest.mark.parametrize("name", GOLDEN_MODELS)
def test_training_anew_gives_the_golden_numbers(name, runs):
    """tests/golden/make.py tells where they come from."""
    assert differences(trained(RunDirectory(runs / name)), recorded()[name]["trained"], TRAINED) == []


@pytest.mark.parametrize("name", MODELS)
def test_measured_again_it_is_the_same(name, runs):
    run = runs / name
    before = json.loads((run / "metrics.json").read_text())
    assert before["model"] == name
    assert before["test"] and before["floors"]
    assert run_main(evaluate.main, [str(run)]) == 0
    again = json.loads((run / "metrics.json").read_text())
    for part in ("validation", "test", "floors"):
        assert differences(again[part], before[part], TOLERANCE) == []
    stages = set()
    if (run / "history.csv").exists():
        with open(run / "history.csv") as file:
            stages = {row["stage"] for row in csv.DictReader(file)}
    assert stages == {str(stage) for stage in range(registry.model(name).stages)}


@pytest.mark.parametrize("name", MODELS)
def test_recommends_what_it_scores_highest_and_nobody_has_taken(name, runs, client):
    users = known_users(runs, name)
    best = client.recommend(users, k=K)
    assert best.known.tolist() == [True, True, True, False]
    assert best.item_id.shape == (4, K)
    assert np.all(np.diff(best.score) <= 0)
    pairs = np.repeat(users, K), best.item_id.ravel()
    np.testing.assert_allclose(client.score(*pairs), best.score.ravel(), atol=TOLERANCE)
    names = dict(zip(lines(runs, name, ITEMS), lines(runs, name, ENTITY_NAMES), strict=False))
    assert best.item_name.ravel().tolist() == [names[item] for item in best.item_id.ravel()]
    seen, items, inner = (
        read_seen(runs / name / "vocabularies").items,
        lines(runs, name, ITEMS),
        lines(runs, name, USERS),
    )
    for user, offered in zip(users[:-1], best.item_id, strict=False):
        assert not {items[i - 1] for i in seen.of(inner.index(user) + 1)} & set(offered)


@pytest.mark.parametrize("name", MODELS)
def test_the_server_scores_as_the_model_in_memory(name, runs, client):
    users, items = known_users(runs, name)[:3], lines(runs, name, ITEMS)[:4]
    inner = np.array([lines(runs, name, USERS).index(user) + 1 for user in users], np.int32)
    _, _, model = load_run(runs / name)
    item = np.tile(np.arange(1, 5, dtype=np.int32), (3, 1))
    expected = model.probability(model.score_items(model.user_state(inner), item))
    found = client.score(np.repeat(users, 4), items * 3)
    np.testing.assert_allclose(found, np.asarray(expected).ravel(), atol=TOLERANCE)


@pytest.mark.parametrize("name", MODELS)
def test_a_history_without_a_user_is_served(name, runs, client):
    _, _, model = load_run(runs / name)
    liked = lines(runs, name, ITEMS)[:3]
    if not (model.history_length or model.request_length):
        with pytest.raises(CallError, match="recommend_for_history"):
            client.recommend_for_history([liked], k=K)
        return
    found = client.recommend_for_history([liked, [], ["never heard of"]], k=K)
    assert found.known.tolist() == [3, 0, 0]
    assert not set(liked) & set(found.item_id[0])
    assert np.isfinite(found.score).all()
    assert (
        found.item_id[1].tolist() == found.item_id[2].tolist() == client.recommend([STRANGER], k=K).item_id[0].tolist()
    )


@pytest.mark.parametrize("name", MODELS)
def test_explains_its_scores_in_names_and_sentences(name, runs, client):
    """Whatever text an explanation holds is an id or a name of the run's, and its template takes it."""
    users, items = known_users(runs, name), lines(runs, name, ITEMS)
    asked = [*((user, item) for user in users for item in items[:3]), (users[0], "film-x"), (STRANGER, "film-x")]
    why = client.explain(*zip(*asked, strict=True))
    np.testing.assert_allclose(why["probability"], client.score(*zip(*asked, strict=True)), atol=TOLERANCE)
    entities, relations = set(lines(runs, name, ENTITY_NAMES)), set(lines(runs, name, RELATION_NAMES))
    known = {"item": set(items), "name": entities, "entity": entities, "relation": relations}
    told = set()
    for output, values in why.items():
        kind = output.rpartition("_")[2]
        if values.dtype == object and kind in known:
            assert set(values.ravel()) - {""} <= known[kind], output
            told |= set(values[: -2 - len(items[:3])].ravel()) - {""} if kind != "name" else set()
    template = registry.model(name).explain_text
    assert bool(told) == (template is not None)
    sentences = [explain_text(why, *pair, row) for row, pair in enumerate(asked)]
    assert all(
        item in said[0] or item.replace("-", " ") in said[0] for (_, item), said in zip(asked, sentences, strict=True)
    )
    if template is not None:
        assert max(map(len, sentences)) > 1
        assert "does not know this item" in sentences[-1][0]
