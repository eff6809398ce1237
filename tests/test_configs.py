"""Every config in configs/ is whole: it loads, tells its story in the header, and carries the published figures."""

import dataclasses
import functools
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.real_data import needs_real_data
from tfkgrec import registry
from tfkgrec.config import Config, DataConfig, load_config
from tfkgrec.config.yaml_text import read
from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset
from tfkgrec.datasets.load import load_raw
from tfkgrec.datasets.synthetic.settings import SyntheticSettings, WorldSize
from tfkgrec.runs.run import Prepared, prepare
from tfkgrec.training.trainer import make_task

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*/*.yaml"))
pytestmark = pytest.mark.skipif(not CONFIGS, reason="configs/ is not part of an installed package")


FIGURES = {"ctr": ("AUC", "ACC"), "sequential": ("MAP", "Hit@10", "NDCG@10"), "top_n": ("Precision@1", "MRR")}
"""What a protocol is judged by, in the words of a config's header."""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_quickstart_is_planted_data():
    assert load_config(ROOT / "configs/quickstart.yaml").data.dataset == "synthetic"


@pytest.fixture(params=CONFIGS, ids=_name)
def path(request) -> Path:
    return request.param


def test_loads_and_is_named_after_its_model_and_dataset(path):
    config = load_config(path)
    assert path.parent.name == config.model.name
    stem = config.data.dataset + ("-session" if getattr(config.data.split, "next", "item") == "session" else "")
    assert path.stem.removesuffix("-paper") == stem


def test_comes_back_equal_from_its_resolved_text(path, tmp_path):
    config = load_config(path)
    (tmp_path / "config.yaml").write_text(config.to_yaml())
    assert load_config(tmp_path / "config.yaml") == config


def test_header_tells_command_minutes_result_published_figure_and_floor(path):
    header = dict(re.findall(r"^# (\w+): +(.+)$", path.read_text().partition("\nmodel:")[0], re.M))
    assert header.keys() >= {"Command", "Minutes", "Ours", "Published", "Floor"}
    assert header["Command"] == f"python -m tfkgrec.train --config {_name(path)}"
    assert re.match(r"[\d.]+\b", header["Minutes"])
    # Mean +- standard deviation over seeds of every figure that counts, or plainly that nobody has measured it.
    names = FIGURES[load_config(path).data.protocol]
    measured = ", ".join(rf"{name} 0\.\d+ \+- 0\.\d+" for name in names) + r" \([3-9] seeds\b"
    assert re.match(rf"{measured}|to be measured$", header["Ours"])
    assert re.match(rf"popularity alone {names[0]} 0\.\d+", header["Floor"])


def test_published_figures_are_carried_and_agree_with_the_header(path):
    config = load_config(path)
    (line,) = re.findall(r"^# Published: +(.+)$", path.read_text(), re.M)
    for name in FIGURES[config.data.protocol]:
        assert f"{name} {config.published[name.lower()]}" in line
    # Whose they are, where they are not the model's own.
    assert config.published.get("of", registry.model(config.model.name).title) in line or "none" in line


@pytest.mark.parametrize("paper", [path for path in CONFIGS if path.stem.endswith("-paper")], ids=_name)
def test_a_papers_own_settings_use_nothing_that_is_not_in_the_paper(paper):
    """A -paper config names the preset; it switches nothing on that is off there, and keeps fixed negatives."""
    raw, _ = read(paper)
    assert raw["model"]["preset"] == "paper"
    config = load_config(paper)
    plain = registry.model(config.model.name).presets["paper"]["model"]
    assert not {key for key, value in config.model.to_dict().items() if value is True and plain[key] is not True}
    assert config.data.protocol != "ctr" or config.training.negatives == "fixed"


RESOLVED = json.loads(Path(__file__).with_name("resolved_configs.json").read_text())
"""What the configs of commit 121b66d resolved to, before there were presets, when each named what it needed."""


def test_resolves_to_what_it_was_measured_with(path):
    """Defaults and presets may change; what a config stands for, and its figures were measured with, does not."""
    config, recorded = load_config(path).to_dict(), RESOLVED[_name(path)]
    found = {name: config[name] for name in ("model", "pretraining", "training")}
    for name, settings in found.items():
        if settings is not None and recorded[name] is not None:  # settings that came since are not in the record
            found[name] = {key: settings[key] for key in recorded[name]}
    found["inverse_relations"] = config["data"]["inverse_relations"]
    assert json.loads(json.dumps(found).replace(f"{ROOT}/", "")) == recorded  # files of members are of this checkout


def test_its_model_trains_a_batch_of_planted_data(path):
    config = load_config(path)
    if not registry.model(config.model.name).stages:
        pytest.skip("no epoch trains it")
    world = WorldSize(users=80, items=60, positives_per_user=12)
    planted = DataConfig("synthetic", config.data.protocol, k_core=1, source=SyntheticSettings(world))
    if hasattr(config.model, "fields"):  # relations of its own data
        config = dataclasses.replace(config, model=dataclasses.replace(config.model, fields=None))
    if hasattr(config.model, "min_relation_triples"):
        config = dataclasses.replace(config, model=dataclasses.replace(config.model, min_relation_triples=1))
    _train_a_batch(config, prepare(dataclasses.replace(config, data=planted)))


WHOLE = [path for path in CONFIGS if not path.with_name(f"{path.stem}-paper.yaml").exists()]
"""A config for each of a model's datasets: -paper ones, which are on the same data, where there are such."""


@needs_real_data
@pytest.mark.slow
@pytest.mark.parametrize("path", WHOLE, ids=_name)
def test_its_model_scores_its_own_data(path):
    """Its fields are relations there, its sizes fit; steps of training are the planted data's."""
    config = load_config(path)
    prepared = prepare(config, _read_once(config.data))
    model = prepared.model(config)
    user, item = np.arange(1, 5, dtype=np.int32), np.tile(np.arange(1, 9, dtype=np.int32), (4, 1))
    logit = keras.ops.convert_to_numpy(model.score_items(model.user_state(user), item))
    assert logit.shape == item.shape and np.isfinite(logit).all()


@functools.lru_cache(maxsize=8)
def _read_once(data: DataConfig) -> Dataset:
    """Configs of one dataset share it."""
    return assemble(load_raw(data, seed=0), 0, data.inverse_relations, data.split_version)


def _train_a_batch(config: Config, prepared: Prepared) -> None:
    """One step changes the weights and gives finite numbers, in the shapes that the settings ask for."""
    training = config.training
    model = prepared.model(config)
    batches = prepared.protocol.batches(model)
    stepwise = dataclasses.replace(training, jit_compile=False)
    task = make_task(prepared.protocol, model, stepwise, training.learning_rate)
    before = [np.copy(keras.ops.convert_to_numpy(weight)) for weight in model.trainable_variables]
    batch = next(batches.batches(0))
    if config.data.protocol == "sequential":
        assert batch[1].shape == (training.batch_size // model.history_length, model.history_length)
    else:
        assert batch[1].shape == (training.batch_size // training.items_per_user, training.items_per_user, 1)
    logs = task.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    choices = 2 if getattr(training, "loss", "bpr") == "bpr" else 1 + training.num_negatives
    assert 0.43 < float(logs["task_loss"]) / np.log(choices) < 1.44  # 1 before training, give or take
    moved = [np.any(keras.ops.convert_to_numpy(w) != b) for w, b in zip(model.trainable_variables, before, strict=True)]
    still = {w.path for w, m in zip(model.trainable_variables, moved, strict=True) if not m}
    assert not still - {"path_attention/no_path"}  # RKAN's: a batch may have paths for every pair
