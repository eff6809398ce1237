"""From the `data` section of a config to `RawData`: the dataset's reader, then what the protocol counts as feedback."""

from typing import Any

from tfkgrec import registry
from tfkgrec.config import DataConfig
from tfkgrec.data.assemble import assemble
from tfkgrec.data.feedback import every_rating_counts, k_core
from tfkgrec.data.records import Dataset, RawData
from tfkgrec.datasets.own_files.settings import FilesSettings
from tfkgrec.errors import InputError
from tfkgrec.progress import phase


def load_dataset(data: DataConfig, seed: int) -> Dataset:
    """Read, number and check what `data` names, or what was numbered already; the seed fixes the numbers."""
    made = registry.dataset(data.dataset).dataset
    if made is not None:
        dataset: Dataset = registry.load(made)(data, seed)
        return dataset
    return assemble(load_raw(data, seed), seed, data.inverse_relations, data.split_version)


def load_splits(data: DataConfig, dataset: Dataset, seed: int) -> Any:
    """The split that came with the data; None: the protocol makes it."""
    made = registry.dataset(data.dataset).splits
    return None if made is None else registry.load(made)(data, dataset, seed)


def load_raw(data: DataConfig, seed: int) -> RawData:
    """Read, or for synthetic data draw, the tables that `data` names, with what its protocol counts as feedback.

    Args:
        seed: fixes synthetic data; files are read as they are.

    Raises:
        InputError: one line.
    """
    protocol = registry.protocol(data.protocol)
    weight = getattr(getattr(data.source, "columns", None), "weight", None)
    for key, value, heeds in (
        ("columns.weight", weight, "weighted"),
        ("repeats: all", getattr(data.source, "repeats", None) == "all" or None, "weighted"),
        ("test_interactions", _has_own_test(data) or None, "own_test"),
    ):
        if value is not None and not getattr(protocol, heeds):
            wanted = " or ".join(name for name, spec in registry.protocols().items() if getattr(spec, heeds))
            found = f"found data.protocol {protocol.name}"
            raise InputError(f"data.{key}: expected only with data.protocol {wanted}, {found}")
    with phase(f"reading {data.dataset}"):
        raw: RawData = registry.load(registry.dataset(data.dataset).read)(data, seed)
    threshold = getattr(data.source, "positive_at", None)  # whoever sets one means it, whatever the protocol
    if protocol.any_rating and threshold is None:
        raw = every_rating_counts(raw)
    return raw if data.k_core is None else k_core(raw, data.k_core)


def _has_own_test(data: DataConfig) -> bool:
    """By a file or by a query."""
    return isinstance(data.source, FilesSettings) and data.source.has("test_interactions")
