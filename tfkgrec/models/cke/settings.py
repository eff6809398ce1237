"""The settings of CKE."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class CkeSettings(ModelSettings):
    """CKE without texts and pictures."""

    name: Literal["cke"] = "cke"
    dim: int = number(32, min=1)
    fact_weight: float = number(0.1, min=0)  # of TransR's loss beside the pairs'
    l2: float = number(3e-2, min=0)  # of the vectors of the batch's pairs
    # not in the paper:
    item_bias: bool = True
