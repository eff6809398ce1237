"""The settings of KGCN."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class KgcnSettings(ModelSettings):
    """KGCN with one hop, a baseline. The defaults are the paper's for Last.FM; what is not in the paper is off."""

    name: Literal["kgcn"] = "kgcn"
    dim: int = number(16, min=1)  # d, width of every embedding
    num_neighbours: int = number(8, min=1)  # K, sampled once per item
    aggregator: Literal["sum", "concat", "neighbour"] = "sum"
    l2: float = number(1e-4, min=0)  # lambda, on the whole matrices
    # Not in the paper, off by default; model.py tells what each one does.
    item_bias: bool = False
    pair_l2: float = number(0.0, min=0)  # squares of the batch's vectors, per labelled pair
