"""Runs that version 0.1 left: their configs hold keys that nothing read, and their models were laid out otherwise."""

import dataclasses
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras

from tfkgrec import registry
from tfkgrec.config import Config, Section
from tfkgrec.config.data import DataConfig
from tfkgrec.config.load import make_config
from tfkgrec.config.yaml_text import read
from tfkgrec.files import reading
from tfkgrec.models.recommender import Recommender

LETTERS = {alias for spec in registry.protocols().values() for alias in spec.aliases}


CONFIG, WEIGHTS = "config.json", "model.weights.h5"  # of a `.keras` file, which is a zip
OF_LAYER = ("name", "trainable", "dtype")
DROPPED = ("near_attributes", "near_users", "paths_from", "redraw_paths", "max_edges")
"""What RKAN's constructor took and is the builder's business."""
ADDED = {"tfkgrec>HKRM": {"attribute_output": "softmax"}}
"""Arguments that came later, as these models had them."""
RECENT = "layers/recent_items"
BIASES = {"item_bias": "head/item_bias", "attribute_bias": "head/attribute_bias"}
MOVED: dict[str, dict[str, str]] = {
    "tfkgrec>DINK": BIASES,
    "tfkgrec>EKPNet": BIASES,
    "tfkgrec>HKRM": BIASES,
    "tfkgrec>KGCN": BIASES,
    "tfkgrec>KSR": {},
    "tfkgrec>MatrixFactorization": {},
    "tfkgrec>RKAN": {**BIASES, "context_embedding": f"{RECENT}/context_embedding"},
}
"""Class in a file of 0.1 -> groups of its weights, and where they are today."""


def read_config(path: Path) -> Config:
    """The config of a run of any version.

    A run writes all of its settings, so one that names no `data.split_version` is older than the second, and one that
    names no `data.history` where there is that key was trained and judged with histories of two kinds; an HKRM that
    names no `attribute_output` has a softmax there.
    """
    raw, places = read(path)
    data = raw.get("data")
    if isinstance(data, dict):
        data.setdefault("split_version", 1)
        if registry.protocol(data.get("protocol", "ctr")).name == "ctr":
            data.setdefault("history", "mixed")
        model = raw.get("model")
        if isinstance(model, dict) and model.get("name") == "hkrm":
            model.setdefault("attribute_output", "softmax")  # its first reading
        if data.get("protocol") in LETTERS:
            _translate(raw)
    return make_config(raw, places, (), path.resolve().parent, None)


def _translate(raw: dict[str, Any]) -> None:
    """The keys of 0.1 as they are called today, without those that nothing read."""
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


def read_model(path: Path, name: str) -> Recommender:
    """A saved model of any version; the registry knows where its class is."""
    registry.load(registry.model(name).build)  # registers the class
    with reading(path), zipfile.ZipFile(path) as file:
        saved = json.loads(file.read(CONFIG))
        if saved["registered_name"] not in MOVED or "sizes" in saved["config"]:
            today: Recommender = keras.models.load_model(path)
            return today
        model = _made(saved["registered_name"], saved["config"])
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(file.extract(WEIGHTS, folder))
            _move(MOVED[saved["registered_name"]], weights)
            model.load_weights(weights)
    return model


def _made(registered_name: str, config: dict[str, Any]) -> Recommender:
    """The built model of a config of 0.1, which had sizes and settings side by side."""
    model_class = keras.saving.get_registered_object(registered_name)
    sizes = model_class.records["sizes"]
    own = (*sizes._fields, *DROPPED, *OF_LAYER)
    settings = ADDED.get(registered_name, {}) | {name: value for name, value in config.items() if name not in own}
    of_layer = {name: config[name] for name in OF_LAYER}
    model: Recommender = model_class.from_settings(
        sizes(**{name: config[name] for name in sizes._fields if name in config}), settings, **of_layer
    )
    model.build()
    return model


def _move(moved: dict[str, str], weights: Path) -> None:
    """Put the groups of the file `weights` where today's model looks for them; what it lacks is passed over."""
    with h5py.File(weights, "r+") as file:
        for old, new in moved.items():
            if old in file:
                file.move(old, new)
        if RECENT in file:  # the ages' weights were the model's own, and the first of them
            count = len(file["vars"])
            file.move("vars/0", f"{RECENT}/vars/0")
            for number in range(1, count):
                file.move(f"vars/{number}", f"vars/{number - 1}")


def _keep(raw: dict[str, Any], *kinds: type[Section]) -> None:
    """Drop the keys that none of the sections has: 0.1 wrote every key of every protocol."""
    known = {spec.name for kind in kinds for spec in dataclasses.fields(kind)}
    for key in set(raw) - known:
        del raw[key]
