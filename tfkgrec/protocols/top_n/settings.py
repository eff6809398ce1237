"""The settings of top-N recommendation."""

from dataclasses import dataclass
from typing import Literal

from tfkgrec.config import Section, SettingError, TrainingConfig, number


@dataclass(frozen=True)
class TopNSplit(Section):
    """How the ratings are shared out."""

    cold_users: float = number(0.0, min=0, max=1)  # share of users left with 1 to 4 training ratings
    train_share: float = number(1.0, min=0, max=1)  # of every user's training ratings, the newest that are kept


@dataclass(frozen=True)
class TopNTraining(TrainingConfig):
    """What is learned from rated and unrated items."""

    items_per_user: int = number(8, min=2)  # M, even: rated and as many unrated items of one user in a row of the batch
    negatives: Literal["fixed", "fresh"] = "fresh"  # drawn once, or again every epoch
    unknown_user_rate: float = number(0.0, min=0, max=1)  # share of rows trained as if the user were unknown

    def validate(self) -> None:
        if self.batch_size < self.items_per_user:
            found = f"{self.batch_size} < {self.items_per_user}"
            raise SettingError("batch_size", f"expected at least training.items_per_user, found {found}")
        if self.items_per_user % 2:
            odd = self.items_per_user
            raise SettingError("items_per_user", f"expected an even number with data.protocol top_n, found {odd}")
