"""The settings of KSR."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, SettingError, number


@dataclass(frozen=True)
class KsrSettings(ModelSettings):
    """KSR. The paper's settings are `preset: paper`.

    GRU: knowledge: none, score: dot, train_items: true, no pre-training; GRU++: the first two with pre-trained items.
    """

    name: Literal["ksr"] = "ksr"
    dim: int = number(32, min=1)  # L_E = L_K, width of entities, relations and memory slots
    item_dim: int = number(64, min=1)  # width of the items' own vectors
    hidden_dim: int = number(64, min=1)  # L_H, state of the GRU
    history_length: int = number(50, min=1)  # T, positions of a row in training, newest items read in serving
    gamma: float = number(10.0, above=0)  # sharpness of the read, eq 6
    knowledge: Literal["memory", "item", "none"] = "memory"  # item: e_i on the item's side, no memory; none: neither
    score: Literal["mlp", "dot"] = "mlp"  # eq 10; dot: h . q, eq 2, the score of GRU and GRU++ (with knowledge: none)
    shared_values: bool = False  # one value matrix for all users, section 5.2
    train_items: bool = True  # learn the items' vectors (further); the paper fixes pre-trained ones
    train_knowledge: bool = True  # the same for entities and relations
    query_layers: int = number(1, min=0)  # tanh layers of the query's MLP, before a linear one
    output_layers: int = number(1, min=1)  # tanh layers of both MLPs of eq 10; score: dot has none
    min_relation_triples: int | None = number(
        None, min=1
    )  # relations of fewer triples of items get no slot; null: by_data.py
    # Not in the paper, off in its preset; model.py tells what each one does.
    output_dim: int | None = number(64, min=1)  # width of both MLPs; null: L_H + L_E, as in the paper
    slot_write: Literal["every", "own"] = "every"  # own: only into slots of relations that the item has
    gate_bias: bool = False  # a learned bias of every slot's gate
    item_bias: bool = True
    dropout: float = number(0.3, min=0, below=1)

    def validate(self) -> None:
        if self.score == "mlp":
            return
        if self.knowledge != "none":
            raise SettingError("score", f"expected mlp with knowledge: {self.knowledge}, found dot")
        if self.hidden_dim != self.item_dim:
            wanted = f"expected {self.item_dim} with score: dot, as item_dim is"
            raise SettingError("hidden_dim", f"{wanted}, found {self.hidden_dim}")

    def check_vectors(self, given: frozenset[str]) -> None:
        for part, needed in (("items", True), ("knowledge", self.knowledge != "none")):
            if needed and part not in given and not getattr(self, f"train_{part}"):
                found = "found false: random vectors, fixed"
                raise SettingError(f"train_{part}", f"expected true without pretraining.{part}, {found}")
