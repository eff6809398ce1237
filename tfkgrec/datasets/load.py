"""From the `data` section of a config to `RawData`: the dataset's reader, then what the protocol counts as feedback."""

from tfkgrec import registry
from tfkgrec.config import DataConfig
from tfkgrec.data.feedback import every_rating_counts, k_core
from tfkgrec.data.records import RawData
from tfkgrec.datasets.own_files.settings import FilesSettings
from tfkgrec.errors import InputError
from tfkgrec.progress import phase


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
