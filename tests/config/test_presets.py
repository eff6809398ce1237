"""`model.preset`, and what a model says of other sections: beneath what the config itself says, gone once resolved."""

import dataclasses

import pytest
import yaml

from tests.outside import installed_package
from tfkgrec import registry
from tfkgrec.config import Config, DataConfig, build_config
from tfkgrec.errors import InputError

PRESETS = [(spec.name, name) for spec in registry.models().values() for name in spec.presets]
OURS = [spec.name for spec in registry.models().values()]


def config(name: str, /, *overrides: str, **sections: object) -> Config:
    protocol = registry.model(name).protocols[0]
    raw = {"model": {"name": name}, "data": {"dataset": "synthetic", "protocol": protocol}, **sections}
    return build_config(raw, overrides)


@pytest.mark.parametrize(("model", "preset"), PRESETS)
def test_a_preset_is_what_the_run_gets(model, preset):
    settings = registry.model(model).presets[preset]
    resolved = config(model, f"model.preset={preset}").to_dict()
    for section, values in settings.items():
        for key in values.keys() & resolved[section].keys():
            assert resolved[section][key] == values[key] or isinstance(values[key], dict), f"{section}.{key}"
    assert "preset" not in resolved["model"]


@pytest.mark.parametrize(("model", "preset"), PRESETS)
def test_a_preset_says_all_there_is_to_say(model, preset):
    """So a change of defaults cannot change what a paper's settings are."""
    spec, settings = registry.model(model), registry.model(model).presets[preset]
    assert settings["model"].keys() == {field.name for field in dataclasses.fields(spec.settings)} - {"name"}
    for protocol in spec.protocols:
        keys = {field.name for field in dataclasses.fields(registry.protocol(protocol).training)}
        assert keys - settings["training"].keys() == {
            "jit_compile",
            "row_sparse",
            "shards",
            "profile_steps",
            "seed",
            "final_fit",
        }  # of a run, not of a model


def test_explicit_keys_count_before_the_preset():
    assert config("dink", model={"name": "dink", "preset": "paper"}).model.dim == 16
    mine = config("dink", model={"name": "dink", "preset": "paper", "dim": 5}, training={"negatives": "fresh"})
    assert (mine.model.dim, mine.model.history_length) == (5, 12)
    assert (mine.training.negatives, mine.training.epochs) == ("fresh", 40)
    assert config("dink", "model.preset=paper", "model.dim=6").model.dim == 6


def test_sections_inside_sections_are_filled_up_and_null_leaves_them_out():
    paper = {"model": {"name": "ekpnet", "preset": "paper"}}
    stage = config("ekpnet", "training.first_stage.epochs=3", **paper).training.first_stage
    assert (stage.epochs, stage.learning_rate) == (3, 1e-2)
    assert config("ekpnet", "training.first_stage=null", **paper).training.first_stage is None
    assert config("ekpnet", **paper, training=None).training.epochs == 20  # an empty section
    vectors = config("ekpnet", "pretraining.epochs=3", **paper).pretraining
    assert (vectors.knowledge, vectors.epochs) == ("transe", 3)
    assert config("ekpnet", "pretraining=null", **paper).pretraining is None
    read = config("ekpnet", **paper, pretraining={"vectors": "/v.npz"}).pretraining
    assert read.knowledge is None


@pytest.mark.parametrize(
    ("model", "preset", "line"),
    [
        ("dink", "papers", "model.preset: expected 'paper', found papers"),
        ("mf", "paper", "model.preset: expected null for model mf, which has none, found paper"),
    ],
)
def test_an_unknown_preset_is_one_line(model, preset, line):
    with pytest.raises(InputError) as caught:
        config(model, f"model.preset={preset}")
    assert str(caught.value) == f"--set model.preset={preset}: {line}"


@pytest.mark.parametrize("model", OURS)
def test_a_resolved_config_is_explicit_and_comes_back(model):
    found = config(model)
    text = found.to_yaml()
    assert build_config(yaml.safe_load(text)) == found
    # no default has a say in it any more: every key of the model and of training stands there
    assert yaml.safe_load(text)["model"].keys() == {field.name for field in dataclasses.fields(found.model)}
    assert yaml.safe_load(text)["training"].keys() == {field.name for field in dataclasses.fields(found.training)}


@pytest.mark.parametrize("model", OURS)
def test_made_in_python_it_has_the_same_training(model):
    spec = registry.model(model)
    made = Config(spec.settings(), DataConfig("synthetic", spec.protocols[0]))
    assert made.training == config(model).training


OUTSIDE = """
from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number
from tfkgrec.registry import ModelSpec


@dataclass(frozen=True)
class Odd(ModelSettings):
    name: Literal["odd"] = "odd"
    width: int = number(7, min=1)


SPEC = ModelSpec(
    name="odd", title="Odd", summary="odd", explains="nothing", settings=Odd, build="odd_model:build",
    protocols=("ctr", "top_n"),
    defaults={"training": {"epochs": 77, "calibrate": True}, "data": {"inverse_relations": True}},
    presets={"narrow": {"model": {"width": 1}}},
)
"""


def test_a_model_from_outside_brings_its_own(tmp_path):
    with installed_package(
        tmp_path, "odd_model", {"__init__.py": OUTSIDE}, {"tfkgrec.models": {"odd": "odd_model:SPEC"}}
    ):
        plain, narrow = config("odd"), config("odd", "model.preset=narrow")
        assert (plain.model.width, plain.training.epochs, plain.data.inverse_relations) == (7, 77, True)
        assert (narrow.model.width, narrow.training.epochs, narrow.data.inverse_relations) == (1, 77, True)
        ranked = build_config({"model": {"name": "odd"}, "data": {"dataset": "synthetic", "protocol": "top_n"}})
        assert ranked.training.epochs == 77  # calibrate is no key of top_n, and passed over


def test_a_misspelt_default_is_not_passed_over(tmp_path):
    files = {"__init__.py": OUTSIDE.replace("epochs", "epoch")}
    with installed_package(tmp_path, "odd_model", files, {"tfkgrec.models": {"odd": "odd_model:SPEC"}}):
        with pytest.raises(InputError, match="training.epoch: expected a known key; the nearest is training.epochs"):
            config("odd")
