"""What `tfkgrec prepare` left: data that are numbered and split already, in Parquet shards."""

from dataclasses import dataclass
from pathlib import Path

from tfkgrec.config import Section, SettingError
from tfkgrec.registry import DatasetSpec


@dataclass(frozen=True)
class PreparedSettings(Section):
    """Where it lies; keys of the section `data`."""

    path: Path | None = None  # the folder, or gs://, s3://, hdfs:// where the engine left it

    def validate(self) -> None:
        if self.path is None:
            raise SettingError("path", "expected the folder of `tfkgrec prepare` with dataset: prepared, found none")


SPEC = DatasetSpec(
    name="prepared",
    title="prepared data",
    read="tfkgrec.datasets.prepared.read:read",
    dataset="tfkgrec.datasets.prepared.read:dataset",
    splits="tfkgrec.datasets.prepared.read:splits",
    settings=PreparedSettings,
)
