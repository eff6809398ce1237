"""The settings of what is read and how it is split."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from tfkgrec.config.section import Section, SettingError, number, one_of, show

# What `data.knowledge_graph` may be; the first is the default. Datasets that are not listed have one graph: null.
KNOWLEDGE_GRAPHS = {
    "book-crossing": ("ripplenet", "mkr"),
    "ml-1m": ("satori-mkr", "freebase", "dbpedia", "imdb"),
}


@dataclass(frozen=True)
class ColumnsConfig(Section):
    """Column names of one's own interactions file; null: there is no such column."""

    user: str = "user"
    item: str = "item"
    rating: str | None = None
    timestamp: str | None = None


@dataclass(frozen=True)
class SyntheticConfig(Section):
    """Sizes of the planted world (data/synthetic.py)."""

    users: int = number(600, min=2)
    items: int = number(400, min=2)
    positives_per_user: float = number(30.0, min=1)  # mean; single users have a half to twice as many


@dataclass(frozen=True)
class DataConfig(Section):
    """Which files become the dataset, and how it is split."""

    dataset: Literal["lastfm", "book-crossing", "ml-1m", "ml-100k", "ml-100k-rkge", "files", "synthetic"]
    protocol: Literal["C", "S", "R"] = "C"  # click-through; sequential; top-N with time split (protocols.md)
    knowledge_graph: str | None = None  # one of KNOWLEDGE_GRAPHS[dataset]; null where a dataset has only one
    inverse_relations: bool = False  # add (tail, inverse of relation, head) for every triple
    next: Literal["item", "session"] | None = None  # protocol S: what is held out, a session being a day; null: item
    cold_users: float = number(0.0, min=0, max=1)  # protocol R: share of users left with 1 to 4 training ratings
    k_core: int | None = number(None, min=1)  # least interactions of users and items; null: 10 with protocol S, else 1
    unlinked_items: Literal["error", "drop"] | None = None  # items without an entity; null: error for files, else drop
    data_dir: Path | None = (
        None  # where the public datasets lie; --data-dir sets it; null: $TFKGREC_DATA, ../shared/data
    )
    # dataset: files
    interactions: Path | None = None
    columns: ColumnsConfig | None = None
    positive_at: float | None = None  # a rating at or above it is a positive; null: every row is
    triples: Path | None = None
    item_links: Path | None = None  # item -> entity; null: item ids are entity ids
    # dataset: synthetic
    synthetic: SyntheticConfig | None = None

    _ONLY_FOR: ClassVar[dict[str, tuple[str, ...]]] = {
        "files": ("interactions", "columns", "positive_at", "triples", "item_links"),
        "synthetic": ("synthetic",),
    }

    def settle(self) -> None:
        graphs = KNOWLEDGE_GRAPHS.get(self.dataset)
        if self.knowledge_graph is not None and self.knowledge_graph not in (graphs or ()):
            wanted = one_of(graphs) if graphs else "null"
            found = show(self.knowledge_graph)
            raise SettingError("knowledge_graph", f"expected {wanted} for dataset {self.dataset}, found {found}")
        for dataset, names in self._ONLY_FOR.items():
            for name in names:
                if dataset != self.dataset and getattr(self, name) is not None:
                    raise SettingError(name, f"expected only with dataset: {dataset}, found dataset: {self.dataset}")
        if self.dataset == "files":
            for name in ("interactions", "triples"):
                if getattr(self, name) is None:
                    raise SettingError(name, "expected a path with dataset: files, found none")
            self._fill("columns", ColumnsConfig())
            if self.columns and self.positive_at is not None and self.columns.rating is None:
                raise SettingError("positive_at", "expected columns.rating beside it, found none")
        if self.dataset == "synthetic":
            self._fill("synthetic", SyntheticConfig())
        if self.protocol == "S":
            self._fill("next", "item")
            self._fill("k_core", 10)
        elif self.next is not None:
            raise SettingError("next", f"expected only with protocol: S, found protocol: {self.protocol}")
        if self.cold_users and self.protocol != "R":
            raise SettingError("cold_users", f"expected 0 unless protocol: R, found protocol: {self.protocol}")
        self._fill("knowledge_graph", graphs[0] if graphs else None)
        self._fill("unlinked_items", "error" if self.dataset == "files" else "drop")
