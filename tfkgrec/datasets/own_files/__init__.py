"""One's own interactions and triples, from files."""

from tfkgrec.datasets.own_files.settings import FilesSettings
from tfkgrec.registry import DatasetSpec

SPEC = DatasetSpec(
    name="files",
    title="own files",
    read="tfkgrec.datasets.own_files.read:read",
    settings=FilesSettings,
    unlinked_items=("keep", "drop", "refuse"),
)
