"""The settings of what is read and how it is split: what every run has, the dataset's own keys and the protocol's."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tfkgrec import registry
from tfkgrec.config.section import Section, SettingError, choice, chosen, number, one_of, show


@dataclass(frozen=True)
class NoSettings(Section):
    """Of a dataset or protocol that has no keys of its own."""


@dataclass(frozen=True)
class DataConfig(Section):
    """Which data, and how they are split. In a file the keys of `source` and `split` stand beside the others."""

    FLAT: ClassVar[tuple[str, ...]] = ("source", "split")

    dataset: str  # one of registry.datasets()
    protocol: str = "ctr"  # one of registry.protocols(), or an alias of it
    knowledge_graph: str | None = None  # one of the dataset's graphs; null: its first, or the only one
    inverse_relations: bool = False  # add (tail, inverse of relation, head) for every triple
    split_version: int = number(2, min=1, max=2)  # 1: splits follow the order of the files' rows
    k_core: int | None = number(None, min=1)  # least interactions of users and items; null: as the protocol has it
    unlinked_items: str | None = None  # items without an entity: keep, drop or refuse; null: as the dataset has it
    data_dir: Path | None = (
        None  # where the public datasets lie; --data-dir sets it; null: $TFKGREC_DATA, ../shared/data
    )
    source: Section = chosen(Section)  # the dataset's own
    split: Section = chosen(Section)  # the protocol's own

    @classmethod
    def chosen(cls, raw: Mapping[str, Any]) -> dict[str, type[Section]]:
        dataset, protocol = dataset_named(raw.get("dataset")), protocol_named(raw.get("protocol", "ctr"))
        return {"source": dataset.settings or NoSettings, "split": protocol.split}

    def validate(self) -> None:
        dataset, protocol = dataset_named(self.dataset), protocol_named(self.protocol)
        object.__setattr__(self, "protocol", protocol.name)
        if self.knowledge_graph is not None and self.knowledge_graph not in dataset.graphs:
            wanted = one_of(dataset.graphs) if dataset.graphs else "null"
            found = show(self.knowledge_graph)
            raise SettingError("knowledge_graph", f"expected {wanted} for dataset {self.dataset}, found {found}")
        if self.unlinked_items == "error" and "refuse" in dataset.unlinked_items:  # the word of 0.1
            object.__setattr__(self, "unlinked_items", "refuse")
        if self.unlinked_items is not None and self.unlinked_items not in dataset.unlinked_items:
            wanted, found = one_of(dataset.unlinked_items), show(self.unlinked_items)
            raise SettingError("unlinked_items", f"expected {wanted} for dataset {self.dataset}, found {found}")
        self._fill("knowledge_graph", dataset.graphs[0] if dataset.graphs else None)
        self._fill("unlinked_items", dataset.unlinked_items[0])
        self._fill("k_core", protocol.k_core)
        for name, kind in (("source", dataset.settings or NoSettings), ("split", protocol.split)):
            if getattr(self, name) is None:
                object.__setattr__(self, name, kind())
            if not isinstance(getattr(self, name), kind):
                found = type(getattr(self, name)).__name__
                raise SettingError(
                    name, f"expected {kind.__name__} for {self.dataset} and {self.protocol}, found {found}"
                )


def dataset_named(name: object) -> registry.DatasetSpec:
    """The dataset that `dataset` names, or a `SettingError`."""
    return registry.datasets()[choice("dataset", name, registry.datasets())]


def protocol_named(name: object) -> registry.ProtocolSpec:
    """The protocol that `protocol` names, by its own name or an alias."""
    aliases = {alias: spec.name for spec in registry.protocols().values() for alias in spec.aliases}
    own = aliases.get(name, name) if isinstance(name, str) else name
    return registry.protocols()[choice("protocol", own, registry.protocols())]
