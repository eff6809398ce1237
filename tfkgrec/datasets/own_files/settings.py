"""The settings of one's own files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tfkgrec.config import Section, SettingError, number


@dataclass(frozen=True)
class ColumnsConfig(Section):
    """Columns of one's own interactions: names, or places from 0 where there is no header; null: no such column."""

    user: str | int = "user"
    item: str | int = "item"
    rating: str | int | None = None
    timestamp: str | int | None = None
    weight: str | int | None = None  # how much a row counts in training, relative to the others

    def validate(self) -> None:
        _of_one_kind(self)


@dataclass(frozen=True)
class TripleColumns(Section):
    """Columns of one's own triples: names, or places from 0 where there is no header."""

    head: str | int = "head"
    relation: str | int = "relation"
    tail: str | int = "tail"

    def validate(self) -> None:
        _of_one_kind(self)


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
        if not self.columns:
            raise SettingError("columns", "expected columns of the table, found none")
        self._fill("bins", {})
        for column, bins in (self.bins or {}).items():
            if column not in self.columns or bins < 2:
                raise SettingError("bins", f"expected one of columns and at least 2, found {column}: {bins}")


@dataclass(frozen=True)
class FilesSettings(Section):
    """Which files, and what stands in them; keys of the section `data`.

    A path may be a file, a folder of them or a pattern such as `clicks/2026-*.csv`.
    """

    interactions: Path | None = None
    test_interactions: Path | None = None  # a file of its own to test on, with the same columns; null: a share of all
    columns: ColumnsConfig | None = None  # null: user and item
    positive_at: float | None = None  # a rating at or above it is a positive, under every protocol; null: every row is
    # which row of a repeated (user, item) counts: the newest, the oldest, a positive one, or all by their weight; null:
    # last, but with split_version 1 the first positive one in the file
    repeats: Literal["last", "first", "max", "all"] | None = None
    triples: Path | None = None  # null: facts stand in item_table alone, or there are none
    triple_columns: TripleColumns | None = None  # null: by the names that others use, else by place
    item_table: ItemTable | None = None
    item_links: Path | None = None  # item -> entity; null: item ids are entity ids
    item_names: Path | None = None  # item -> its name, for people; a name may be that of several items
    entity_names: Path | None = None  # entity -> its name, for people
    user_names: Path | None = None  # user -> their name, for people
    database: str | None = None  # an address such as sqlite:///shop.db, for queries; needs the extra sql
    queries: dict[str, str] | None = None  # interactions, triples, item_links, ... -> SQL in place of the file
    separator: str | None = None  # of the text files; null: found by looking
    encoding: str = "utf-8"  # of the text files; Book-Crossing's own are latin-1
    max_bad_rows: float = number(0.001, min=0, below=1)  # share of a file's rows that may be set aside; --strict: 0

    def validate(self) -> None:
        self._fill("columns", ColumnsConfig())
        self._fill("queries", {})
        roles = (
            "interactions",
            "test_interactions",
            "triples",
            "item_table",
            "item_links",
            "item_names",
            "entity_names",
            "user_names",
        )
        for role in self.queries or {}:
            if role not in roles:
                raise SettingError("queries", f"expected one of {', '.join(roles)}, found {role}")
        if bool(self.queries) != (self.database is not None):
            raise SettingError("database", "expected an address and queries, or neither of them")
        if not self.has("interactions"):
            raise SettingError("interactions", "expected a path with dataset: files, found none")
        if self.item_table is not None and self.item_table.file is None and not self.has("item_table"):
            raise SettingError("item_table.file", "expected the table, found none")
        if self.columns and self.positive_at is not None and self.columns.rating is None:
            raise SettingError("positive_at", "expected columns.rating beside it, found none")

    def has(self, role: str) -> bool:
        """Whether there is a file or a query of this role."""
        return getattr(self, role) is not None or role in (self.queries or {})


def _of_one_kind(columns: Section) -> None:
    """Places where all are numbers, else names: a column may be called 7."""
    given = {name: column for name, column in columns.to_dict().items() if column is not None}
    for name, column in given.items():
        if isinstance(column, int) and column < 0:
            raise SettingError(name, f"expected a place from 0, found {column}")
        if any(isinstance(other, str) for other in given.values()):
            object.__setattr__(columns, name, str(column))
