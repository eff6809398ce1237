"""The settings of one's own files."""

from dataclasses import dataclass
from pathlib import Path

from tfkgrec.config import Section, SettingError


@dataclass(frozen=True)
class ColumnsConfig(Section):
    """Column names of one's own interactions file; null: there is no such column."""

    user: str = "user"
    item: str = "item"
    rating: str | None = None
    timestamp: str | None = None


@dataclass(frozen=True)
class FilesSettings(Section):
    """Which files, and what stands in them; keys of the section `data`."""

    interactions: Path | None = None
    columns: ColumnsConfig | None = None  # null: user and item
    positive_at: float | None = None  # a rating at or above it is a positive, under every protocol; null: every row is
    triples: Path | None = None
    item_links: Path | None = None  # item -> entity; null: item ids are entity ids

    def validate(self) -> None:
        for name in ("interactions", "triples"):
            if getattr(self, name) is None:
                raise SettingError(name, "expected a path with dataset: files, found none")
        self._fill("columns", ColumnsConfig())
        if self.columns and self.positive_at is not None and self.columns.rating is None:
            raise SettingError("positive_at", "expected columns.rating beside it, found none")
