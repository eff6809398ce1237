"""Settings + dataset -> a built model with its side tables filled."""

from collections.abc import Mapping

from tfkgrec import registry
from tfkgrec.config import ModelSettings
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.context import BuildContext
from tfkgrec.models.data_size import settled
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.side_tables import generator


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
        histories: what a model reads of a user's items, as `BuildContext` has it.
        members: trained models by name, of which a model that fuses them is made.

    Raises:
        InputError: the data lack what the model needs.
    """
    build = registry.load(registry.model(settings.name).build)
    settings = settled(settings, dataset, history)
    rng = generator(seed)
    model: Recommender = build(settings, BuildContext(dataset, history, rng, histories, seed, members or {}))
    if embeddings is not None:
        model.start_from(embeddings)
    return model
