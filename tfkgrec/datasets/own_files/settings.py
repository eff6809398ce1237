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
class ItemTable(Section):
    """A table with a header and a row for every item, whose columns are facts of it: (item, column, value)."""

    file: Path | None = None
    item: str = "item"  # the column of item ids, as the interactions have them
    columns: tuple[str, ...] = ()
    split: str | None = None  # what stands between the values of a field, such as "|"; null: a field is one value
    bins: dict[str, int] | None = None  # column of numbers -> into how many quantiles they go
    name: str | None = None  # the column of the items' names, for people

    def validate(self) -> None:
        if self.file is None or not self.columns:
            key = "file" if self.file is None else "columns"
            raise SettingError(key, "expected the table and columns of it, found none")
        self._fill("bins", {})
        for column, bins in (self.bins or {}).items():
            if column not in self.columns or bins < 2:
                raise SettingError("bins", f"expected one of columns and at least 2, found {column}: {bins}")


@dataclass(frozen=True)
class FilesSettings(Section):
    """Which files, and what stands in them; keys of the section `data`."""

    interactions: Path | None = None
    columns: ColumnsConfig | None = None  # null: user and item
    positive_at: float | None = None  # a rating at or above it is a positive, under every protocol; null: every row is
    triples: Path | None = None  # may be left out where there is an item_table
    item_table: ItemTable | None = None
    item_links: Path | None = None  # item -> entity; null: item ids are entity ids
    encoding: str = "utf-8"  # of the text files; Book-Crossing's own are latin-1

    def validate(self) -> None:
        for name in ("interactions", "triples"):
            if getattr(self, name) is None and (name != "triples" or self.item_table is None):
                raise SettingError(name, "expected a path with dataset: files, found none")
        self._fill("columns", ColumnsConfig())
        if self.columns and self.positive_at is not None and self.columns.rating is None:
            raise SettingError("positive_at", "expected columns.rating beside it, found none")
