"""The settings of training, evaluation and export that every run has; a protocol's own ones extend them."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config.section import Section, number


@dataclass(frozen=True)
class StageConfig(Section):
    """The first stage of a model that learns in two."""

    epochs: int = number(20, min=1)
    patience: int = number(5, min=1)
    learning_rate: float = number(1e-2, above=0, max=10)


@dataclass(frozen=True)
class TrainingConfig(Section):
    """How the parameters are learned, whatever the protocol."""

    epochs: int = number(50, min=1)
    patience: int = number(8, min=1)  # epochs without a better validation figure before training stops
    batch_size: int = number(2048, min=1)  # labelled pairs (sequential: positions) a step, padding included
    learning_rate: float = number(1e-3, above=0, max=10)
    learning_rate_decay: float = number(1.0, above=0, max=1)  # after every epoch the rate is multiplied by this
    optimizer: Literal["adam", "adagrad"] = "adam"
    final_fit: bool = (
        False  # once measured, train anew on all data, for the epochs that validation chose, and export that
    )
    first_stage: StageConfig | None = None  # null: a model with two stages trains in its last one only
    jit_compile: Literal["auto"] | bool = "auto"  # XLA; auto: where steps were measured to be faster with it
    row_sparse: Literal["auto"] | bool = "auto"  # move looked-up rows alone; auto: in tables of 200,000 or more
    profile_steps: int = number(0, min=0)  # so many early steps are profiled for TensorBoard; 0: none
    shards: int = number(1, min=1)  # of the users; a batch has as many rows of each; --strategy: one or more a worker
    seed: int = number(0, min=0, max=2**31 - 1)  # fixes ids, split, negatives, initialisation, order


@dataclass(frozen=True)
class EvaluationConfig(Section):
    """What is measured, and beside what."""

    floors: tuple[str, ...] | None = None  # baselines judged on the model's own candidates; null: all of the protocol's
    batch_users: int = number(256, min=1)  # users scored at once: bounds the memory


@dataclass(frozen=True)
class ExportConfig(Section):
    """What the SavedModel fixes."""

    k_max: int = number(100, min=1)  # length of the lists that `recommend` returns
