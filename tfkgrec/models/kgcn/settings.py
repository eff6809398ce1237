"""The settings of KGCN."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class KgcnSettings(ModelSettings):
    """KGCN with one hop, a baseline. The paper's settings for Last.FM are `preset: paper`."""

    name: Literal["kgcn"] = "kgcn"
    dim: int = number(32, min=1)  # d, width of every embedding
    num_neighbours: int = number(8, min=1)  # K, sampled once per item
    aggregator: Literal["sum", "concat", "neighbour"] = "sum"
    l2: float = number(0.0, min=0)  # lambda, on the whole matrices
    # Not in the paper, off in its preset; model.py tells what each one does.
    item_bias: bool = True
    pair_l2: float = number(4e-2, min=0)  # squares of the batch's vectors, per labelled pair
