"""Runs that version 0.1 left: their configs hold keys that nothing read, and their models were laid out otherwise."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

from tfkgrec import registry
from tfkgrec.config import Config, Section, load_config
from tfkgrec.config.data import DataConfig
from tfkgrec.config.load import make_config
from tfkgrec.config.yaml_text import read
from tfkgrec.models.recommender import Recommender

LETTERS = {alias for spec in registry.protocols().values() for alias in spec.aliases}


def read_config(path: Path) -> Config:
    """The config of a run of any version."""
    raw, places = read(path)
    if raw.get("data", {}).get("protocol") not in LETTERS:
        return load_config(path)
    protocol = registry.protocol(raw["data"]["protocol"])
    dataset = registry.dataset(raw["data"]["dataset"])
    training = raw["training"]
    training["target"] = {"next": "next", "later": "any_future"}[training.pop("predict")]
    training["negative_pool"] = {"catalogue": "catalogue", "liked": "train_positives"}[training.pop("negatives_from")]
    beside = [protocol.split] + ([dataset.settings] if dataset.settings else [])
    _keep(training, protocol.training)
    _keep(raw["evaluation"], protocol.evaluation)
    _keep(raw["data"], DataConfig, *beside)
    if registry.model(raw["model"]["name"]).stages == 1:
        training["first_stage"] = None
    return make_config(raw, places, (), path.resolve().parent, None)


def read_model(path: Path, name: str) -> Recommender:
    """A saved model of any version; the registry knows where its class is."""
    registry.load(registry.model(name).build)  # registers the class
    model: Recommender = keras.models.load_model(path)
    return model


def _keep(raw: dict[str, Any], *kinds: type[Section]) -> None:
    """Drop the keys that none of the sections has: 0.1 wrote every key of every protocol."""
    known = {spec.name for kind in kinds for spec in dataclasses.fields(kind)}
    for key in set(raw) - known:
        del raw[key]
