"""Settings + dataset -> a built model with its side tables filled."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from tfkgrec.config import (
    DinkSettings,
    EkpnetSettings,
    HkrmSettings,
    KgcnSettings,
    KsrSettings,
    MfSettings,
    ModelSettings,
    RkanSettings,
)
from tfkgrec.data.history import history_table
from tfkgrec.data.neighbours import sample_neighbours
from tfkgrec.data.records import Dataset
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.dink.model import DINK
from tfkgrec.models.ekpnet.model import EKPNet
from tfkgrec.models.ekpnet.ripple_sets import sample_ripples
from tfkgrec.models.hkrm.attribute_tables import ATTRIBUTE_TABLES
from tfkgrec.models.hkrm.attributes import collect_attributes
from tfkgrec.models.hkrm.model import HKRM
from tfkgrec.models.kgcn.model import KGCN
from tfkgrec.models.ksr.build import build_ksr
from tfkgrec.models.mf.model import MatrixFactorization
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.rkan.build import build_rkan
from tfkgrec.protocols.ctr.split import Splits


def build_model(
    settings: ModelSettings, dataset: Dataset, splits: Splits, seed: int, vectors: PretrainedEmbeddings | None = None
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


def _ekpnet(settings: EkpnetSettings, dataset: Dataset, splits: Splits, rng: np.random.Generator) -> EKPNet:
    around = sample_ripples(dataset.graph, dataset.num_items, settings.num_hops, settings.triples_per_item, rng)
    sizes = (dataset.users.size, dataset.items.size, len(around.entity_ids), around.num_relations)
    model = EKPNet(*sizes, **_hyperparameters(settings))
    model.build()
    model.set_table("history", history_table(splits, settings.history_length))
    model.set_table("ripples", around.triples)
    model.set_table("entity_ids", around.entity_ids)
    return model


def _hkrm(settings: HkrmSettings, dataset: Dataset, splits: Splits, rng: np.random.Generator) -> HKRM:
    found = collect_attributes(dataset, settings.fields, settings.max_fields, settings.max_values, rng)
    hyperparameters = _hyperparameters(settings)
    del hyperparameters["fields"], hyperparameters["max_fields"]
    model = HKRM(
        dataset.users.size,
        dataset.items.size,
        len(found.entity_ids),
        len(found.field_relation),
        len(found.slot_item),
        len(found.value_entity),
        **{**hyperparameters, "max_values": found.max_values},
    )
    model.build()
    model.set_table("history", history_table(splits, settings.history_length))
    for name in ATTRIBUTE_TABLES:
        model.set_table(name, getattr(found, name))
    return model


def _ksr(settings: KsrSettings, dataset: Dataset, splits: Splits, rng: np.random.Generator) -> Recommender:
    return build_ksr(settings, dataset, splits, _hyperparameters(settings))


def _rkan(settings: RkanSettings, dataset: Dataset, splits: Splits, rng: np.random.Generator) -> Recommender:
    return build_rkan(settings, dataset, splits, _hyperparameters(settings), rng)


def _kgcn(settings: KgcnSettings, dataset: Dataset, splits: Splits, rng: np.random.Generator) -> KGCN:
    near = sample_neighbours(dataset.graph, dataset.num_items, settings.num_neighbours, rng)
    sizes = (dataset.users.size, dataset.items.size, len(near.entity_ids), near.num_relations)
    model = KGCN(*sizes, **_hyperparameters(settings))
    model.build()
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
    EkpnetSettings: _ekpnet,
    HkrmSettings: _hkrm,
    KsrSettings: _ksr,
    RkanSettings: _rkan,
    KgcnSettings: _kgcn,
    MfSettings: _matrix_factorization,
}
