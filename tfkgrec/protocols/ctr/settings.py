"""The settings of click-through prediction."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import EvaluationConfig, Section, SettingError, TrainingConfig, number


@dataclass(frozen=True)
class CtrSplit(Section):
    """What is held out, and which of a user's items stand in a history: keys of the section `data`."""

    # which of a user's training positives are a history, in training, evaluation and serving alike: all of them; T at
    # random; the newest T, where training reads those before its pairs. mixed, of runs before the key: training draws T
    # at random, evaluation reads the newest T
    history: Literal["whole", "random", "newest", "mixed"] = "random"
    train_share: float = number(1.0, min=0, max=1)  # of the training pairs, what is kept; the other parts stay
    cold_items: float = number(0.0, min=0, max=1)  # share of the items that is held out with all interactions


@dataclass(frozen=True)
class CtrTraining(TrainingConfig):
    """What is learned from labelled pairs."""

    items_per_user: int = number(8, min=1)  # M: labelled items of one user in a row of the batch
    negatives: Literal["fixed", "fresh"] = "fresh"  # drawn once, as the papers do, or again every epoch
    # items that fresh ones are drawn from; train_positives: those that somebody took in training, so that an item
    # without any stays unknown to the model instead of becoming its surest negative
    negative_pool: Literal["catalogue", "train_positives"] | None = None  # null: what validation says of them (pool.py)
    calibrate: bool = False  # fit the curve from logits to probabilities on the validation split
    unknown_user_rate: float = number(0.0, min=0, max=1)  # share of rows trained as if the user were unknown

    def validate(self) -> None:
        if self.batch_size < self.items_per_user:
            found = f"{self.batch_size} < {self.items_per_user}"
            raise SettingError("batch_size", f"expected at least training.items_per_user, found {found}")
        if self.negatives == "fixed" and self.negative_pool == "train_positives":
            found = self.negative_pool
            raise SettingError("negative_pool", f"expected catalogue with negatives: fixed, found {found}")


@dataclass(frozen=True)
class CtrEvaluation(EvaluationConfig):
    """What is measured beside AUC and accuracy."""

    top_k: bool = False  # rank the full catalogue too
