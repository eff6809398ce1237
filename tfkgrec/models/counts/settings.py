"""The settings of the model that only counts."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import ModelSettings, number


@dataclass(frozen=True)
class CountsSettings(ModelSettings):
    """Counts of training positives, weighed: what can be said without learning vectors."""

    name: Literal["counts"] = "counts"
    factors: int = number(32, min=1)  # directions kept of who takes what
    max_fields: int = number(8, min=1)  # relations that are compared: those that most items have
    max_values: int = number(8, min=1)  # values of an item in a field; of more, a sample is drawn once
