"""Every config in configs/ is whole: it loads, tells its story in the header, and carries the published figures."""

import dataclasses
import functools
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.real_data import needs_real_data
from tfkgrec.config import Config, DataConfig, SyntheticConfig, load_config
from tfkgrec.training.run import Prepared, prepare
from tfkgrec.training.trainer import make_task

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*/*.yaml"))
pytestmark = pytest.mark.skipif(not CONFIGS, reason="configs/ is not part of an installed package")


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
    assert path.stem.removesuffix("-paper") == config.data.dataset


def test_comes_back_equal_from_its_resolved_text(path, tmp_path):
    config = load_config(path)
    (tmp_path / "config.yaml").write_text(config.to_yaml())
    assert load_config(tmp_path / "config.yaml") == config


def test_header_tells_command_minutes_result_published_figure_and_floor(path):
    header = dict(re.findall(r"^# (\w+): +(.+)$", path.read_text().partition("\nmodel:")[0], re.M))
    assert header.keys() >= {"Command", "Minutes", "Ours", "Published", "Floor"}
    assert header["Command"] == f"python -m tfkgrec.train --config {_name(path)}"
    assert re.match(r"[\d.]+\b", header["Minutes"])
    # Mean +- standard deviation over seeds, both figures; a single seed has no deviation and says that it is one.
    several = r"AUC 0\.\d+ \+- 0\.\d+, ACC 0\.\d+ \+- 0\.\d+ \(\d+ seeds\b"
    assert re.match(rf"{several}|AUC 0\.\d+, ACC 0\.\d+ \(1 seed only\b", header["Ours"])
    assert re.match(r"popularity alone AUC 0\.\d+", header["Floor"])


def test_published_figures_are_carried_and_agree_with_the_header(path):
    config = load_config(path)
    assert {"auc", "acc"} <= config.published.keys()
    text = f"AUC {config.published['auc']}, ACC {config.published['acc']}"
    assert f"# Published: {text} " in path.read_text()


@pytest.mark.parametrize("paper", [path for path in CONFIGS if path.stem.endswith("-paper")], ids=_name)
def test_a_papers_own_settings_use_nothing_that_is_not_in_the_paper(paper):
    """DINK's defaults are the paper's; a -paper config switches no extension on and keeps fixed negatives."""
    config = load_config(paper)
    switched_on = {key for key, value in config.model.to_dict().items() if value is True}
    assert switched_on <= {"interest_attention", "semantic_attention", "feature_exploration"}
    assert config.training.negatives == "fixed"


def test_its_model_trains_a_batch_of_planted_data(path):
    config = load_config(path)
    planted = DataConfig("synthetic", synthetic=SyntheticConfig(users=80, items=60, positives_per_user=12))
    if hasattr(config.model, "fields"):  # relations of its own data
        config = dataclasses.replace(config, model=dataclasses.replace(config.model, fields=None))
    _train_a_batch(config, prepare(dataclasses.replace(config, data=planted)))


@needs_real_data
@pytest.mark.slow
def test_its_model_trains_a_batch_of_its_own_data(path):
    config = load_config(path)
    _train_a_batch(config, _prepare_once(config.data))


@functools.cache
def _prepare_once(data: DataConfig) -> Prepared:
    """Configs of one dataset share it."""
    return prepare(Config(model=load_config(CONFIGS[0]).model, data=data))


def _train_a_batch(config: Config, prepared: Prepared) -> None:
    """One step changes the weights and gives finite numbers, in the shapes that the settings ask for."""
    training = config.training
    model = prepared.model(config)
    batches = prepared.protocol.batches(model)
    stepwise = dataclasses.replace(training, jit_compile=False)
    task = make_task(prepared.protocol, model, stepwise, training.learning_rate)
    before = [np.copy(keras.ops.convert_to_numpy(weight)) for weight in model.trainable_variables]
    batch = next(batches.batches(0))
    assert batch[1].shape == (training.batch_size // training.items_per_user, training.items_per_user, 1)
    logs = task.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert 0.3 < float(logs["task_loss"]) < 1.0  # log 2 before training, give or take
    moved = [np.any(keras.ops.convert_to_numpy(w) != b) for w, b in zip(model.trainable_variables, before, strict=True)]
    assert all(moved), [w.path for w, m in zip(model.trainable_variables, moved, strict=True) if not m]
