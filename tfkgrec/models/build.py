"""Settings + dataset -> a built model with its side tables filled."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from tfkgrec.config_models import DinkSettings, MfSettings, ModelSettings
from tfkgrec.data.history import history_table
from tfkgrec.data.neighbours import sample_neighbours
from tfkgrec.data.records import Dataset, Splits
from tfkgrec.kge.vectors import Vectors
from tfkgrec.models.dink import DINK
from tfkgrec.models.matrix_factorization import MatrixFactorization
from tfkgrec.models.recommender import Recommender


def build_model(
    settings: ModelSettings, dataset: Dataset, splits: Splits, seed: int, vectors: Vectors | None = None
) -> Recommender:
    """A built model; `seed` fixes what it samples. Weights come from Keras' global seed, or start from `vectors`."""
    model = _BUILDERS[type(settings)](settings, dataset, splits, np.random.default_rng([seed, 5]))
    if vectors is not None:
        model.start_from(vectors)
    return model


def _dink(settings: DinkSettings, dataset: Dataset, splits: Splits, rng: np.random.Generator) -> DINK:
    near = sample_neighbours(dataset.graph, dataset.num_items, settings.num_neighbours, rng)
    model = DINK(
        dataset.users.size, dataset.items.size, len(near.entity_ids), near.num_relations, **_hyperparameters(settings)
    )
    model.build()
    model.set_table("history", history_table(splits, settings.history_length))
    model.set_table("neighbour_entity", near.entity)
    model.set_table("neighbour_relation", near.relation)
    model.set_table("entity_ids", near.entity_ids)
    return model


def _matrix_factorization(
    settings: MfSettings, dataset: Dataset, splits: Splits, rng: np.random.Generator
) -> MatrixFactorization:
    model = MatrixFactorization(dataset.users.size, dataset.items.size, **_hyperparameters(settings))
    model.build()
    return model


def _hyperparameters(settings: ModelSettings) -> dict[str, Any]:
    """The settings, named as the constructor's arguments are."""
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    del values["name"]
    return values


_BUILDERS: dict[type, Callable[[Any, Dataset, Splits, np.random.Generator], Recommender]] = {
    DinkSettings: _dink,
    MfSettings: _matrix_factorization,
}
