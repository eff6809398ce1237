"""The settings of matrix factorisation."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class MfSettings(ModelSettings):
    """Matrix factorisation with item bias: the baseline that every model has to beat."""

    name: Literal["mf"] = "mf"
    dim: int = number(64, min=1)
    item_bias: bool = True
    l2: float = number(3e-2, min=0)
