"""The settings of what is learned before the model: vectors of the knowledge graph, and of the items."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tfkgrec import registry
from tfkgrec.config.section import Section, SettingError, number, one_of, show


@dataclass(frozen=True)
class PretrainingConfig(Section):
    """Vectors that the model starts from (kge/). Without this section it starts from random ones."""

    vectors: Path | None = None  # read them from this file of `tfkgrec pretrain`, instead of learning them
    # Entities and relations, from the triples.
    knowledge: str | None = None  # one of registry.kge_methods()
    dim: int | None = number(None, min=1)  # null: model.dim
    epochs: int = number(100, min=1)
    batch_size: int = number(4096, min=1)  # triples a step; larger ones are quicker on graphs of 100,000 triples
    learning_rate: float = number(1e-2, above=0, max=10)
    margin: float = number(1.0, above=0)
    negatives: int = number(1, min=1)  # corruptions of a triple
    corruption: Literal["uniform", "bernoulli"] = "uniform"  # which side is replaced; bernoulli is TransH's
    min_relation_triples: int = number(1, min=1)  # relations of fewer triples are left out; their vectors stay zero
    held_out: float = number(0.05, min=0, below=1)  # share of triples kept back to measure link prediction on
    # Users and items, from the training positives.
    items: Literal["bpr"] | None = None
    item_dim: int | None = number(None, min=1)  # null: model.item_dim, or model.dim where there is none
    item_epochs: int = number(50, min=1)
    item_batch_size: int = number(8192, min=1)
    item_learning_rate: float = number(1e-2, above=0, max=10)
    item_l2: float = number(5e-3, min=0)

    def validate(self) -> None:
        if self.vectors is None and self.knowledge is None and self.items is None:
            raise SettingError("knowledge", "expected this, items or vectors to say what to pre-train, found all null")
        methods = registry.kge_methods()
        if self.knowledge is not None and self.knowledge not in methods:
            raise SettingError("knowledge", f"expected {one_of(methods)} or null, found {show(self.knowledge)}")
        for name in ("knowledge", "items"):
            if self.vectors is not None and getattr(self, name) is not None:
                raise SettingError(name, f"expected null with vectors, which are read, found {getattr(self, name)!r}")
