"""Small built models of the registry, each in several variants, with weights and data to ask them about."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from tests.data import small
from tests.golden.record import HERE as GOLDEN
from tfkgrec import registry
from tfkgrec.config import Config, ModelSettings, build_config, yaml_text
from tfkgrec.data.records import Dataset
from tfkgrec.models.build import build_model
from tfkgrec.models.recommender import Recommender
from tfkgrec.registry import ModelSpec
from tfkgrec.training.backend import seed_everything
from tfkgrec.training.contract import TrainingProtocol

PAPER = "paper"  # the preset of that name; of a model that has none, its defaults
EVERYTHING = "everything"  # with all that is not in the paper: tests/golden/configs/
MANY = 8  # candidates of a user: no more than a model re-ranks (`model.rerank`), which scores the others differently
SEED = 0


@dataclass(frozen=True)
class SmallModel:
    """A built model, its weights drawn at random, row 0 of every table too: masks have to hold, not zeros."""

    spec: ModelSpec
    settings: ModelSettings
    dataset: Dataset
    protocol: TrainingProtocol
    model: Recommender

    @functools.cached_property
    def users(self) -> np.ndarray:
        """int32 [G]: the unknown one, one without a history where there is one, and some with one."""
        lengths = self.protocol.splits.model_history.lengths
        without, has = np.flatnonzero(lengths[1:] == 0) + 1, np.flatnonzero(lengths > 1)
        return np.concatenate([[0], without[:1], has[:5]]).astype(np.int32)

    @functools.cached_property
    def items(self) -> np.ndarray:
        """int32 [G, M]: the unknown item, one without a triple, and what the users have in their histories."""
        dataset = self.dataset
        touched = np.union1d(dataset.graph.head, dataset.graph.tail)
        lonely = np.setdiff1d(np.arange(1, dataset.items.size), touched)[0]
        known = self.protocol.splits.model_history.newest(3)[self.users].ravel()
        others = [item for item in dict.fromkeys(known.tolist()) if item not in (0, lonely)]
        return np.tile(np.array([0, lonely, *others], np.int32)[:MANY], (len(self.users), 1))

    @property
    def histories(self) -> np.ndarray:
        """What the model has stored of `users`, int32 [G, T]; T = 1 for a model that stores nothing."""
        return self.protocol.splits.train_history.newest(max(1, self.model.history_length))[self.users]

    def logits(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """[G, M] of users [G] and items [G, M]."""
        return np.asarray(self.model.score_items(self.model.user_state(user), item))

    def batch(self) -> tuple[dict[str, Any], tuple[np.ndarray, ...]]:
        """The first batch of training: the model's inputs, and what stands beside them (labels, weights)."""
        inputs, *others = next(iter(self.protocol.batches(self.model).batches(0)))
        if self.model.reads_labels:
            label, weight = others
            inputs = {**inputs, "label": label[..., 0], "weight": weight}
        return inputs, tuple(others)


def variants(name: str) -> Iterator[str]:
    """The paper's model, everything, and everything but what each ablation takes away."""
    yield from (PAPER, EVERYTHING, *registry.model(name).ablations)


@functools.cache
def small_model(name: str, variant: str = EVERYTHING, dropout: float = 0.0) -> SmallModel:
    """Built once for all who look at it: whoever moves a weight puts it back."""
    config, settings = _config(name), small_settings(name, variant, dropout)
    protocol = _protocol(name)
    seed_everything(SEED)
    dataset = _dataset(config.data.inverse_relations)
    model = build_model(settings, dataset, protocol.splits.train_history, SEED)
    set_at_random(model)
    return SmallModel(registry.model(name), settings, dataset, protocol, model)


def small_config(name: str) -> dict[str, Any]:
    """tests/golden/configs/<name>.yaml; of a model that has none, the defaults under its first protocol."""
    golden = GOLDEN / "configs" / f"{name}.yaml"
    if golden.exists():
        return yaml_text.read(golden)[0]
    spec = registry.model(name)
    sizes = {"dim": 4, "history_length": 5}
    # of a fusion those that know a user by the history alone, since the tests of all models hand them other histories
    sizes |= {"members": ["hkrm", "dink", "mf", "counts"]}
    own = {field.name for field in fields(spec.settings)}
    return {
        "model": {"name": name, **{key: size for key, size in sizes.items() if key in own}},
        "data": {
            "dataset": "synthetic",
            "protocol": spec.protocols[0],
            "synthetic": {"users": 60, "items": 50, "positives_per_user": 10},
            "k_core": 2,
        },
        "training": {"epochs": 1, "batch_size": 128, "jit_compile": False},
        "evaluation": {"floors": ["popularity"]},
    }


def _config(name: str, overrides: tuple[str, ...] = ()) -> Config:
    return build_config(small_config(name), overrides)


def small_settings(name: str, variant: str = EVERYTHING, dropout: float = 0.0) -> ModelSettings:
    """Without dropout, so that training is as repeatable as the rest."""
    given = _config(name, registry.model(name).ablations.get(variant, ())).model
    values = {field.name: getattr(given, field.name) for field in fields(given) if field.init}
    if variant == PAPER:
        sizes = {key: value for key, value in values.items() if type(value) is int or key == "members"}
        values = {**registry.model(name).presets.get(PAPER, {}).get("model", {}), **sizes}
    if "dropout" in {field.name for field in fields(given)}:
        values["dropout"] = dropout
    values.pop("name", None)
    return type(given)(**values)


def set_at_random(model: Recommender, spread: float = 0.6) -> None:
    """Weights drawn anew; `spread` 0 gives a model to whom everything is the same."""
    rng = np.random.default_rng(SEED)
    for weight in model.weights:
        if weight.dtype == "float32" and not weight.name.startswith("calibration"):
            weight.assign(spread * rng.normal(size=weight.shape))


@functools.cache
def _protocol(name: str) -> TrainingProtocol:
    config = _config(name)
    make = registry.load(registry.protocol(config.data.protocol).make)
    protocol: TrainingProtocol = make(
        _dataset(config.data.inverse_relations), config.data.split, config.training, config.evaluation
    )
    return protocol


@functools.cache
def _dataset(inverse_relations: bool) -> Dataset:
    return small.dataset(inverse_relations=inverse_relations)
