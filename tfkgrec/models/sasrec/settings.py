"""The settings of SASRec."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class SasrecSettings(ModelSettings):
    """SASRec."""

    name: Literal["sasrec"] = "sasrec"
    dim: int = number(64, min=1)  # d, width of items, positions and blocks
    history_length: int = number(50, min=1)  # n, positions of a row in training, newest items read in serving
    num_blocks: int = number(2, min=1)  # b, of attention and two dense layers each
    positions: bool = (
        True  # learned vectors of the places in the history; false: the order counts for nothing but sight
    )
    dropout: float = number(0.2, min=0, below=1)
    # Not in the paper.
    item_bias: bool = True
