"""The settings of NeuMF."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class NeumfSettings(ModelSettings):
    """NeuMF, learned from the start: the paper's pre-training of its halves is left out."""

    name: Literal["neumf"] = "neumf"
    dim: int = number(32, min=1)  # predictive factors of either half
    mlp_layers: int = number(2, min=1)  # hidden layers, each half as wide as the one before
    l2: float = number(3e-2, min=0)  # of the vectors of the batch's pairs
    # not in the paper:
    item_bias: bool = True
    dropout: float = number(0.0, min=0, max=0.99)  # between the perceptron's layers
