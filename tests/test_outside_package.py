"""The measure of the house: a model, a dataset, a KGE method and a metric that live in a package outside of this repo.

They are trained, evaluated, exported, served, asked, explained, listed by `benchmark` and shown in `--help`; no file
of tfkgrec knows of them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.outside import installed_package
from tests.planted import run_train, served
from tfkgrec import evaluate, explain, export, recommend, registry
from tfkgrec.cli import run_main
from tfkgrec.config import load_config

FILES = {
    "__init__.py": '''
"""What the world buys: a model that scores by counts, a shop to read, a KGE method and a metric."""

import numpy as np

from outside_shop.settings import CountsSettings, ShopSettings
from tfkgrec.registry import Citation, DatasetSpec, ModelSpec

MODEL = ModelSpec(
    name="tally",
    title="Counts",
    summary="how often an item was taken, learned anew",
    explains="how many took the item",
    settings=CountsSettings,
    build="outside_shop.model:build",
    explain_text="outside_shop.text:explain_text",
    protocols=("ctr", "top_n"),
    citation=Citation("A. Nybody", "Counting", year=2026),
    ablations={"weightless": ("model.weight=0",)},
)
DATASET = DatasetSpec(name="shop", title="A shop", read="outside_shop.reader:read", settings=ShopSettings)
''',
    "settings.py": '''
from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, Section, number


@dataclass(frozen=True)
class CountsSettings(ModelSettings):
    """Counts."""

    name: Literal["tally"] = "tally"
    weight: float = number(1.0, min=0)


@dataclass(frozen=True)
class ShopSettings(Section):
    """Keys under `data`."""

    customers: int = number(40, min=2)
''',
    "model.py": """
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from tfkgrec.models.recommender import Recommender


class State(NamedTuple):
    user: object


class Explanation(NamedTuple):
    logit: object
    takers: object


@keras.saving.register_keras_serializable("outside")
class Counts(Recommender):
    def __init__(self, num_items, weight, **kwargs):
        super().__init__(**kwargs)
        self.num_items, self.weight = num_items, weight

    def build(self, input_shape=None):
        self.takers = self.add_table("takers", (self.num_items,))
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")
        super().build(input_shape)

    def user_state(self, user, history=None, tables=None):
        return State(user)

    def score_items(self, state, item, left_out=None, training=False):
        count = ops.cast(self.read_table("takers", item), "float32")
        return self.weight * ops.log1p(count) + self.bias + 0 * ops.cast(ops.expand_dims(state.user, 1), "float32")

    def explain(self, user, item, tables=None):
        logit = self.score_items(self.user_state(user), ops.expand_dims(item, 1))[:, 0]
        return Explanation(logit, self.read_table("takers", item))

    def get_config(self):
        return {**super().get_config(), "num_items": self.num_items, "weight": self.weight}


def build(settings, context):
    rows = context.dataset.items.size
    model = Counts(rows, settings.weight)
    model.build()
    model.set_table("takers", context.history.counts(rows).astype(np.int32))
    return model
""",
    "text.py": """
def explain_text(row, user, item):
    return [f"{row['item_name']}: {row['takers']} took it"]
""",
    "reader.py": """
import numpy as np
import pandas as pd

from tfkgrec.data.records import RawData


def read(data, seed):
    rng = np.random.default_rng(seed)
    rows = [
        {"user": f"c{u}", "item": f"p{p}", "positive": True, "timestamp": 1000 * u + p}
        for u in range(data.source.customers)
        for p in sorted(rng.choice(20, 9, replace=False, p=np.arange(20, 0, -1) / 210))
    ]
    triples = [{"head": f"p{p}", "relation": "made by", "tail": f"maker {p % 3}"} for p in range(20)]
    links = [{"item": f"p{p}", "entity": f"p{p}"} for p in range(20)]
    frames = (pd.DataFrame(table) for table in (rows, triples, links))
    return RawData("shop", *frames, entity_names={f"p{p}": f"product {p}" for p in range(20)})
""",
    "kge.py": '''
import keras

from tfkgrec.kge.translation import Translation


@keras.saving.register_keras_serializable("outside")
class Shift(Translation):
    """TransE under another name."""
''',
    "metric.py": """
from tfkgrec.evaluation.metric import Metric

WORST = Metric("worst_rank", "worst rank", "lower", 1, compute=lambda ranks: _worst(ranks))


def _worst(ranks):
    import numpy as np

    worst = np.zeros(ranks.num_rows)
    np.maximum.at(worst, ranks.row, ranks.pessimistic)
    return worst
""",
}
ENTRY_POINTS = {
    "tfkgrec.models": {"tally": "outside_shop:MODEL"},
    "tfkgrec.datasets": {"shop": "outside_shop:DATASET"},
    "tfkgrec.kge_methods": {"shift": "outside_shop.kge:Shift"},
    "tfkgrec.metrics": {"worst_rank": "outside_shop.metric:WORST"},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):
    """The folder on the path that holds the package."""
    with installed_package(tmp_path_factory.mktemp("elsewhere"), "outside_shop", FILES, ENTRY_POINTS) as folder:
        yield folder


def config(folder: Path, protocol: str, **training: object) -> Path:
    sections = {
        "model": {"name": "tally", "weight": 0.5},
        "data": {"dataset": "shop", "customers": 30, "protocol": protocol},
        "training": {"epochs": 2, "batch_size": 64, "learning_rate": 0.05, "jit_compile": False, **training},
        "evaluation": {"floors": ["popularity"]},
        "export": {"k_max": 5},
    }
    path = folder / "shop.yaml"
    path.write_text(yaml.safe_dump(sections))
    return path


@pytest.fixture(scope="module")
def run(shop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop-run")
    assert run_train(config(folder, "ctr", calibrate=True), folder / "run") == 0
    return folder / "run"


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop-export")
    assert run_main(export.main, [str(run), "--export-dir", str(folder)]) == 0
    return folder / "tally"


def test_it_is_trained_and_evaluated(run, capsys):
    metrics = json.loads((run / "metrics.json").read_text())
    assert (metrics["model"], metrics["dataset"], metrics["data"]["users"]) == ("tally", "shop", 30)
    # It scores by the counts of training positives, so it ranks exactly as the popularity baseline does.
    assert metrics["test"]["auc"] == pytest.approx(metrics["floors"]["popularity"]["auc"])
    assert metrics["test"]["auc"] > 0.6
    assert run_main(evaluate.main, [str(run)]) == 0
    assert "tally on shop" in capsys.readouterr().out


def test_it_is_served_asked_and_explained(exported, capsys):
    with served(exported) as client:
        answer = client.recommend(["c1"], 5)
        assert answer.known.all()
        assert set(answer.item_name[0]) <= {f"product {p}" for p in range(20)}
        assert np.all(np.diff(answer.score[0]) <= 0)
        target = ["--target", client.target, "--model", "tally", "--timeout", "60"]
        assert run_main(recommend.main, [*target, "--user", "c1", "--k", "3"]) == 0
        assert run_main(explain.main, [*target, "--user", "c1", "--item", "p0"]) == 0
    out = capsys.readouterr().out
    assert "tally version 1, 3 items for user c1" in out
    assert "product 0: " in out
    assert " took it" in out


def test_a_run_is_explained_without_a_server(run, capsys):
    assert run_main(explain.main, [str(run), "--user", "c1", "--item", "p0"]) == 0
    assert capsys.readouterr().out.startswith("product 0: ")


def test_a_metric_from_outside_is_measured_where_lists_are_ranked(shop, tmp_path, capsys):
    assert run_train(config(tmp_path, "top_n"), tmp_path / "run") == 0
    test = json.loads((tmp_path / "run/metrics.json").read_text())["test"]["full"]
    assert 1 <= test["worst_rank"] <= 20
    assert "worst rank" in capsys.readouterr().out


def test_a_kge_method_from_outside_is_a_setting(shop, tmp_path):
    path = config(tmp_path, "ctr")
    assert "shift" in registry.kge_methods()
    learned = load_config(path, ["pretraining.knowledge=shift"], check=lambda config: None)
    assert learned.pretraining.knowledge == "shift"


def in_a_shell(shop: Path, *arguments: str) -> str:
    """What a user's shell would print with the package installed."""
    path = os.pathsep.join([str(shop), str(Path(__file__).parents[1])])
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True)
    return done.stdout


def test_it_is_shown_in_help_and_listed_by_benchmark(shop):
    shown = in_a_shell(shop, "tfkgrec.train", "--help")
    assert "tally" in shown
    assert "shop" in shown
    assert "tally" in in_a_shell(shop, "tfkgrec.benchmark", "--help")


def test_a_mistake_in_its_settings_is_one_line(shop, tmp_path, capsys):
    path = config(tmp_path, "ctr")
    assert run_train(path, tmp_path / "run", overrides=["model.weight=-1"]) == 2
    line = capsys.readouterr().err
    assert line == "error: --set model.weight=-1: model.weight: expected a number >= 0, found -1\n"
    assert run_train(path, tmp_path / "run", overrides=["data.customers=0"]) == 2
    assert "data.customers: expected an integer >= 2, found 0" in capsys.readouterr().err
