"""Settings + dataset -> a built model with its side tables filled."""

from collections.abc import Mapping

import numpy as np

from tfkgrec import registry
from tfkgrec.config import ModelSettings
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.context import BuildContext
from tfkgrec.models.data_size import settled
from tfkgrec.models.recommender import Recommender


def build_model(
    settings: ModelSettings,
    dataset: Dataset,
    history: History,
    seed: int,
    embeddings: PretrainedEmbeddings | None = None,
    histories: str = "newest",
    members: Mapping[str, Recommender] | None = None,
) -> Recommender:
    """A built model; `seed` fixes what it samples. Weights come from Keras' global seed, or start from `embeddings`.

    Args:
        history: the training positives.
    rng = np.random.default_rng([seed, 5])
    model: Recommender = build(settings, BuildContext(dataset, history, rng, histories, seed, members or {}))

    Raises:
        InputError: the data lack what the model needs.
    """
    build = registry.load(registry.model(settings.name).build)
    settings = settled(settings, dataset, history)
    rng = np.random.default_rng([seed, 5])
    model: Recommender = build(settings, BuildContext(dataset, history, rng, histories, seed, members or {}))
    if embeddings is not None:
        model.start_from(embeddings)
    return model
