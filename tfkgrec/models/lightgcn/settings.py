"""The settings of LightGCN."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class LightgcnSettings(ModelSettings):
    """LightGCN over interactions and the graph's facts about items."""

    name: Literal["lightgcn"] = "lightgcn"
    dim: int = number(64, min=1)
    num_layers: int | None = number(None, min=1)  # null: decided by how many positives users have (by_data.py)
    l2: float | None = number(None, min=0)  # of the convolved vectors of the batch's pairs; null: likewise
    # not in the paper:
    fact_weight: float = number(0.5, min=0)  # of an edge between an item and an entity; 0: none are read
    item_bias: bool = True
    leave_out: bool = True  # in a step of training the graph is without the step's own positives
    request_length: int = number(100, min=1)  # newest items that are read of a history that comes with a request
