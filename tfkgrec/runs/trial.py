"""A model trained and judged on validation alone: what a search does many times. No test split is read."""

from collections.abc import Callable

from tfkgrec.config import Config
from tfkgrec.data.records import Dataset
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import prepare
from tfkgrec.training.callbacks import Progress
from tfkgrec.training.trainer import Fitted, fit


def tried(
    config: Config, dataset: Dataset, cache: RunCache, watch: Callable[[Progress], None]
) -> tuple[Config, Fitted]:
    """Train with these settings on data that have been read; the config with what it leaves to the data decided.

    Args:
        cache: keeps vectors that several trials start from.
        watch: told after every epoch that validation has judged; what it raises ends the training.
    """
    prepared = prepare(config, dataset)
    config = prepared.settled(config)
    vectors = cache.embeddings(config, prepared.dataset, prepared.splits.train_history) if config.pretraining else None
    model = prepared.model(config, vectors)
    return config, fit(model, prepared.protocol, config.training, verbose=False, watch=watch)
